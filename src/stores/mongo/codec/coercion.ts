import { Decimal128, type Document } from 'mongodb'
import { isLong } from './is-long.ts'

/**
 * What stored values of other types than a kind's own mean: what GraphQL's own scalar makes of them when a resolver
 * returns them, so that a contract does not change when Crossfade is put in front of it. Decimal128 and Long count by
 * their digits; where the scalar throws, the value is null, with a data issue.
 * Source: GraphQL specification, October 2021, section 3.5 "Scalars", result coercion, as graphql-js does it.
 */
export interface Coercion<T> {
  /** Matches documents that hold such a value at a path. */
  readonly stored: (path: string) => Document
  /** Undefined where the scalar throws. */
  readonly decode: (raw: unknown) => T | undefined
  /** The same as an aggregation expression over `value`, for any value that is not of the kind's own types; null where the scalar throws. */
  readonly expression: (value: string) => Document
}

export const ofTypes =
  (...types: readonly string[]) =>
  (path: string): Document => ({ [path]: { $type: [...types] } })

/** A branch of a `$switch` for values of the named types. */
export const branch = (value: string, types: readonly string[], then: unknown): Document => ({
  case: { $in: [{ $type: value }, types] },
  then,
})

export const chosen = (...branches: readonly Document[]): Document => ({ $switch: { branches, default: null } })

/** Where a condition holds; else null. */
export const where = (condition: unknown, value: unknown): Document => ({ $cond: [condition, value, null] })

/** A number as a double; null where it is too large for one, of which $toDouble would make an error. */
export const toDouble = (number: unknown): Document => ({
  $convert: { input: number, to: 'double', onError: null, onNull: null },
})

const maxDouble = Number.MAX_VALUE

/** True for the numbers that a double holds; NaN is below them all. */
export const finite = (value: string): Document => ({
  $and: [{ $gte: [value, -maxDouble] }, { $lte: [value, maxDouble] }],
})

const white = '[ \\t\\n\\v\\f\\r]*'

/** The texts that JavaScript's Number reads as a decimal number, or as 0 where there is nothing but white space. */
export const numeric = `^(${white}[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]{1,5})?${white}|[ \\t\\n\\v\\f\\r]+)$`
const form = new RegExp(numeric)

/** The nearest double; undefined where the digits are not 0 and it is, which MongoDB does not convert either. */
function nearest(digits: string): number | undefined {
  const number = Number(digits)
  return number === 0 && /[1-9]/.test(digits.split('E')[0]!) ? undefined : number
}

/** A value as a number, where GraphQL's Int, Float and Boolean take one; undefined where it is none. Not always finite. */
export function numberOf(raw: unknown): number | undefined {
  if (typeof raw === 'number') return raw
  if (raw instanceof Decimal128 || isLong(raw)) return nearest(raw.toString())
  if (raw instanceof Date) return raw.getTime()
  return undefined
}

/** The same for Int and Float, which read texts and booleans as well. */
export function anyNumberOf(raw: unknown): number | undefined {
  if (typeof raw === 'boolean') return raw ? 1 : 0
  if (typeof raw === 'string') return form.test(raw) ? Number(raw) : undefined
  return numberOf(raw)
}

/** A text as a double; null where it is no number. Nothing but white space is 0. */
export function textAsDouble(value: string): Document {
  const trimmed = { $trim: { input: value, chars: ' \t\n\v\f\r' } }
  const number = { $cond: [{ $eq: [trimmed, ''] }, 0, toDouble(trimmed)] }
  return where({ $regexMatch: { input: value, regex: numeric } }, number)
}
