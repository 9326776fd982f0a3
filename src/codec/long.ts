import { badValue } from './bad-value.ts'
import { bySize } from './by-size.ts'
import type { Kind } from './kind.ts'

/** The bounds of BSON's long and Postgres's bigint. */
export const minLong = -(2n ** 63n)
export const maxLong = 2n ** 63n - 1n

const digits = /^[+-]?\d{1,19}$/

function longOf(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  return typeof value === 'string' && digits.test(value) ? BigInt(value) : undefined
}

function parse(value: unknown): bigint {
  const long = longOf(value)
  if (long === undefined || long < minLong || long > maxLong) throw badValue('long', value, 'a whole number of 64 bits')
  return long
}

/** A whole number of 64 bits, a bigint in records and digits in JSON: doubles skip numbers past 2^53. */
export const longKind: Kind<bigint> = {
  name: 'long',
  queries: 'order',
  parse,
  toJson: (value) => String(value),
  compare: bySize,
  fromJson: parse,
}
