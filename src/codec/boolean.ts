import { badValue } from './bad-value.ts'
import type { Kind } from './kind.ts'

function parse(value: unknown): boolean {
  if (typeof value !== 'boolean') throw badValue('boolean', value, 'true or false')
  return value
}

export const booleanKind: Kind<boolean> = {
  name: 'boolean',
  queries: 'order',
  parse,
  toJson: (value) => value,
  compare: (a, b) => Number(a) - Number(b),
  fromJson: parse,
}
