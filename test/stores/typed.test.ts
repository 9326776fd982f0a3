import {
  Binary,
  BSON,
  Code,
  DBRef,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'mongodb'
import { expect, test } from 'vitest'
import { bsonType, decodeTyped, promoted } from '../../src/stores/mongo/codec/typed.ts'
import { decodeBytes, InvalidText } from '../../src/stores/mongo/codec/unsound.ts'
import { storedValues } from '../support/stored-values.ts'

const inBytes = (value: unknown): Uint8Array => BSON.serialize({ value }, { ignoreUndefined: false })

test('a typed value becomes what the driver makes of it, whatever it is', () => {
  const nested = [{ a: new Int32(1), b: [new Double(2), Long.fromNumber(3), { c: Long.MAX_VALUE }] }, [new Int32(4)]]
  for (const value of [...storedValues, ...nested, new BSON.BSONSymbol('s'), new DBRef('other', new ObjectId())]) {
    const bytes = inBytes(value)
    expect(promoted(decodeTyped(bytes)['value'])).toEqual(BSON.deserialize(bytes)['value'])
  }
})

test.each([
  ['int', new Int32(1)],
  ['double', new Double(1)],
  ['long', Long.fromNumber(1)],
  ['decimal', Decimal128.fromString('1')],
  ['string', 'a'],
  ['symbol', new BSON.BSONSymbol('a')],
  ['bool', true],
  ['null', null],
  ['date', new Date(0)],
  ['objectId', new ObjectId()],
  ['binData', new Binary(Buffer.from('a'))],
  ['timestamp', new Timestamp({ t: 1, i: 1 })],
  ['regex', /a/],
  ['minKey', new MinKey()],
  ['maxKey', new MaxKey()],
  ['javascript', new Code('a')],
  ['javascriptWithScope', new Code('a', { b: 1 })],
  ['array', [1]],
  ['object', { a: 1 }],
  ['object', new DBRef('other', new ObjectId())],
] as const)('the type %s is told', (type, value) => {
  expect(bsonType(decodeTyped(inBytes(value))['value'])).toBe(type)
})

test('a text that is not UTF-8 is one still, and told to be invalid', () => {
  const bytes = Buffer.from(inBytes('abcd'))
  bytes[bytes.indexOf('abcd') + 1] = 0xff
  const { value } = decodeTyped(bytes)
  expect(value).toBeInstanceOf(InvalidText)
  expect(bsonType(value)).toBe('string')
  expect(promoted(value)).toEqual(decodeBytes(bytes)['value'])
})
