import { badValue } from './bad-value.ts'
import { bySize } from './by-size.ts'
import type { Kind } from './kind.ts'

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

function parse(value: unknown): string {
  const lower = typeof value === 'string' ? value.toLowerCase() : ''
  if (!form.test(lower)) throw badValue('uuid', value, '32 hex digits in groups, as RFC 9562 writes them')
  return lower
}

/** A UUID in lower case; text order is the order of the bytes, as in both stores. */
export const uuidKind: Kind<string> = {
  name: 'uuid',
  queries: 'order',
  parse,
  toJson: (value) => value,
  compare: bySize,
  fromJson: parse,
}
