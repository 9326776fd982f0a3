import { badValue } from './bad-value.ts'
import type { Kind } from './kind.ts'

/** The bounds of GraphQL's Int, BSON's int32 and Postgres's integer. */
export const minInt = -2147483648
export const maxInt = 2147483647

export const isInt = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= minInt && value <= maxInt

function parse(value: unknown): number {
  if (!isInt(value)) throw badValue('int', value, 'a whole number of 32 bits')
  return value + 0 // −0 becomes 0, which is what both stores keep
}

/** A whole number of 32 bits. */
export const intKind: Kind<number> = {
  name: 'int',
  queries: 'order',
  parse,
  toJson: (value) => value,
  compare: (a, b) => a - b,
  fromJson: parse,
}
