import { Decimal128, type Document, ObjectId } from 'mongodb'
import { Refused } from '../../../codec/refused.ts'
import { branch, type Coercion, chosen, ofTypes, where } from './coercion.ts'
import { isLong } from './is-long.ts'
import type { MongoKind } from './mongo-kind.ts'
import { shortestDecimal } from './shortest-decimal.ts'

const infinite = Decimal128.fromString('Infinity')
const negative = Decimal128.fromString('-Infinity')
const maxWhole = Number.MAX_SAFE_INTEGER
const minFraction = 1e-6 // smaller ones are written with an exponent

/** Doubles that JavaScript and Mongo write alike: whole up to 2^53, or with a fraction and no exponent. */
function isPlain(number: number): boolean {
  const size = Math.abs(number)
  return size <= maxWhole && (Number.isInteger(number) || size >= minFraction)
}

function decode(raw: unknown): string | undefined {
  if (typeof raw === 'boolean') return String(raw)
  if (typeof raw === 'number') return isPlain(raw) ? String(raw + 0) : undefined
  if (raw instanceof Decimal128) return /^[+-]?(NaN|Inf)/i.test(raw.toString()) ? undefined : raw.toString()
  if (isLong(raw)) return raw.toString()
  if (raw instanceof Date) return Number.isNaN(raw.getTime()) ? undefined : String(raw.getTime())
  return raw instanceof ObjectId ? raw.toHexString() : undefined
}

/** A double as JavaScript writes it. */
function doubleAsText(value: string): Document {
  const size = { $abs: value }
  const isWhole = { $eq: [{ $trunc: value }, value] }
  const fraction = { $rtrim: { input: { $toString: shortestDecimal(value) }, chars: '0' } }
  const text = { $cond: [isWhole, { $toString: { $toLong: value } }, where({ $gte: [size, minFraction] }, fraction)] }
  // NaN is below every number
  return where({ $and: [{ $gte: [size, 0] }, { $lte: [size, maxWhole] }] }, text)
}

const coercion: Coercion<string> = {
  stored: ofTypes('bool', 'int', 'long', 'double', 'decimal', 'date', 'objectId'),
  decode,
  expression(value) {
    // NaN is below every number
    const finite = { $and: [{ $gt: [value, negative] }, { $lt: [value, infinite] }] }
    return chosen(
      branch(value, ['bool', 'int', 'long', 'objectId'], { $toString: value }),
      branch(value, ['double'], doubleAsText(value)),
      branch(value, ['decimal'], where(finite, { $toString: value })),
      branch(value, ['date'], { $toString: { $toLong: value } }),
    )
  },
}

export const textKind: MongoKind<string, string> = {
  types: ['string'],
  decode: (raw) => {
    if (typeof raw !== 'string') return new Refused('is not a string')
    return raw.includes('\0') ? new Refused('holds the character NUL, which Postgres cannot store') : raw
  },
  encode: (value) => value,
  guard: (value) => ({ $eq: [{ $indexOfCP: [value, '\0'] }, -1] }),
  coercion,
}
