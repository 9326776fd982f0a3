import { BSON } from 'mongodb'
import { BsonCursor } from './bson-cursor.ts'

const json = JSON.stringify

/** One member, whose value is a text. */
const named = (name: string, text: string): string => `{${json(name)}:${json(text)}}`

function binary(cursor: BsonCursor): string {
  const length = cursor.int32()
  const subType = cursor.byte()
  // The old kind of bytes has its length once more
  const bytes = subType === 2 ? cursor.take(cursor.int32()) : cursor.take(length)
  const hex = subType.toString(16).padStart(2, '0')
  return `{"$binary":{"base64":${json(bytes.toString('base64'))},"subType":${json(hex)}}}`
}

function regularExpression(cursor: BsonCursor): string {
  const pattern = cursor.cstring()
  const options = [...cursor.cstring()].sort().join('')
  return `{"$regularExpression":${json({ pattern, options })}}`
}

function timestamp(cursor: BsonCursor): string {
  const i = cursor.uint32()
  return `{"$timestamp":${json({ t: cursor.uint32(), i })}}`
}

function codeWithScope(cursor: BsonCursor): string {
  cursor.int32() // the length of both
  return `{"$code":${json(cursor.string())},"$scope":${object(cursor)}}`
}

const oid = (cursor: BsonCursor): string => named('$oid', cursor.take(12).toString('hex'))

function double(cursor: BsonCursor): string {
  const value = cursor.take(8).readDoubleLE()
  const text = Object.is(value, -0) ? '-0.0' : Number.isInteger(value) ? value.toFixed(1) : String(value)
  return named('$numberDouble', text)
}

/** By number of the type, as https://bsonspec.org/spec.html has them. */
const forms: Readonly<Record<number, (cursor: BsonCursor) => string>> = {
  1: double,
  2: (cursor) => json(cursor.string()),
  3: (cursor) => object(cursor),
  4: (cursor) => `[${elements(cursor).map(([, text]) => text)}]`,
  5: binary,
  6: () => '{"$undefined":true}',
  7: oid,
  8: (cursor) => String(cursor.byte() !== 0),
  9: (cursor) => `{"$date":${named('$numberLong', String(cursor.int64()))}}`,
  10: () => 'null',
  11: regularExpression,
  12: (cursor) => `{"$dbPointer":{"$ref":${json(cursor.string())},"$id":${oid(cursor)}}}`,
  13: (cursor) => named('$code', cursor.string()),
  14: (cursor) => named('$symbol', cursor.string()),
  15: codeWithScope,
  16: (cursor) => named('$numberInt', String(cursor.int32())),
  17: timestamp,
  18: (cursor) => named('$numberLong', String(cursor.int64())),
  19: (cursor) => named('$numberDecimal', new BSON.Decimal128(cursor.take(16)).toString()),
  127: () => '{"$maxKey":1}',
  255: () => '{"$minKey":1}',
}

type Elements = readonly (readonly [name: string, text: string])[]

/** In the order in which they are stored; a name may come twice. */
function elements(cursor: BsonCursor): Elements {
  const found: [string, string][] = []
  cursor.int32() // the length of all
  for (let type = cursor.byte(); type !== 0; type = cursor.byte()) {
    const name = cursor.cstring()
    const form = forms[type]
    if (!form) throw new TypeError(`${name} is of type ${type}, which BSON does not have`)
    found.push([name, form(cursor)])
  }
  return found
}

const objectOf = (members: Elements): string => `{${members.map(([name, text]) => `${json(name)}:${text}`)}}`
const object = (cursor: BsonCursor): string => objectOf(elements(cursor))

export interface CanonicalText {
  readonly text: string
  /** False where a text inside is not UTF-8, which JSON cannot hold: U+FFFD stands in the place of what is none. */
  readonly isSound: boolean
}

/**
 * A stored document as canonical Extended JSON, without its member `without`. From its bytes: JavaScript's objects have
 * another order of names that are numbers, each name once, and neither all dates nor `undefined`.
 *
 * @throws TypeError, RangeError for what is no BSON.
 * @see https://github.com/mongodb/specifications/blob/master/source/extended-json/extended-json.md
 */
export function canonicalText(bytes: Uint8Array, without: string): CanonicalText {
  const cursor = new BsonCursor(bytes)
  const text = objectOf(elements(cursor).filter(([name]) => name !== without))
  return { text, isSound: cursor.isSound }
}
