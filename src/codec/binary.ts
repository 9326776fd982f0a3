import { badValue } from './bad-value.ts'
import type { Kind } from './kind.ts'

const form = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

function parse(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value !== 'string' || !form.test(value)) throw badValue('binary', value, 'bytes in base64, padded')
  // Bits that padding leaves over have no bytes: two texts of the same bytes become one
  return Buffer.from(value, 'base64').toString('base64')
}

/**
 * Bytes, as base64 in records. Asked for equal values alone: Mongo orders by length first, and cannot tell subtypes
 * apart in an expression, which a test for null would need.
 */
export const binaryKind: Kind<string> = {
  name: 'binary',
  queries: 'equality',
  parse,
  toJson: (value) => value,
  fromJson: parse,
}
