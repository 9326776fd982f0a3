import { badValue } from './bad-value.ts'
import type { Kind } from './kind.ts'

function parse(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw badValue('float', value, 'a finite number')
  return value
}

/** A finite double. NaN and ±Infinity have no JSON form and are data issues; −0 equals 0. */
export const floatKind: Kind<number> = {
  name: 'float',
  queries: 'order',
  parse,
  toJson: (value) => value + 0,
  compare: (a, b) => Number(a) - Number(b),
  fromJson: parse,
}
