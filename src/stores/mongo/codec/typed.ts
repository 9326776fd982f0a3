import { BSON, type Document } from 'mongodb'
import { isPlainObject } from '../../../util/json.ts'
import { decodeBytes, InvalidText } from './unsound.ts'

/** A document whose values keep their BSON types, which the driver's plain numbers do not. See `promoted`. */
export const decodeTyped = (bytes: Uint8Array): Document =>
  decodeBytes(bytes, { promoteValues: false, promoteLongs: false })

const aliases: Readonly<Record<string, string>> = {
  BSONSymbol: 'symbol',
  Binary: 'binData',
  Code: 'javascript',
  DBRef: 'object',
  Decimal128: 'decimal',
  Double: 'double',
  Int32: 'int',
  Long: 'long',
  MaxKey: 'maxKey',
  MinKey: 'minKey',
  ObjectId: 'objectId',
  Timestamp: 'timestamp',
}

/** The alias of a value's BSON type, in a document of `decodeTyped`. */
export function bsonType(value: unknown): string {
  if (typeof value === 'string' || value instanceof InvalidText) return 'string'
  if (value === null) return 'null'
  if (value === undefined) return 'undefined'
  if (typeof value === 'boolean') return 'bool'
  if (Array.isArray(value)) return 'array'
  if (value instanceof Date) return 'date'
  if (value instanceof RegExp) return 'regex'
  const type = (value as { readonly _bsontype?: unknown })._bsontype
  // Any object may have a member of that name
  if (isPlainObject(value) || typeof type !== 'string') return 'object'
  if (value instanceof BSON.Code && value.scope) return 'javascriptWithScope'
  return aliases[type] ?? 'object'
}

const exact = BSON.Long.fromNumber(2 ** 53)

function promotedLong(value: BSON.Long): number | BSON.Long {
  return value.greaterThan(exact) || value.lessThan(exact.negate()) ? value : value.toNumber()
}

/** What the driver makes of a typed value by default. */
export function promoted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(promoted)
  if (value instanceof BSON.Int32 || value instanceof BSON.Double) return value.valueOf()
  if (value instanceof BSON.Timestamp) return value
  if (value instanceof BSON.Long) return promotedLong(value)
  if (value instanceof BSON.BSONSymbol) return value.valueOf()
  if (!isPlainObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, promoted(member)]))
}
