import { badValue } from './bad-value.ts'
import { bySize } from './by-size.ts'
import type { Kind } from './kind.ts'

const form = /^[0-9a-f]{24}$/

function parse(value: unknown): string {
  const lower = typeof value === 'string' ? value.toLowerCase() : ''
  if (!form.test(lower)) throw badValue('id', value, '24 hex digits')
  return lower
}

/** 24 lower-case hex digits; text order is the order of the bytes, as in Mongo. */
export const objectIdKind: Kind<string> = {
  name: 'objectId',
  queries: 'order',
  parse,
  toJson: (value) => value,
  compare: bySize,
  fromJson: parse,
}
