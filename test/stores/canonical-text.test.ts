import { BSON } from 'mongodb'
import { expect, test } from 'vitest'
import { canonicalText } from '../../src/stores/mongo/codec/canonical-text.ts'

const textOf = (hex: string) => canonicalText(Buffer.from(hex.replaceAll(' ', ''), 'hex'), '_cf')

// Source: the BSON corpus of MongoDB's specifications, where it has the case
test.each([
  [
    'a date past JavaScript’s',
    '10000000 09 6100 ffffffffffffff7f 00',
    '{"a":{"$date":{"$numberLong":"9223372036854775807"}}}',
  ],
  [
    'a date of the year 10000',
    '10000000 09 6100 00dc1fd277e60000 00',
    '{"a":{"$date":{"$numberLong":"253402300800000"}}}',
  ],
  ['a date before 1970', '10000000 09 6100 c33ce7b9bdffffff 00', '{"a":{"$date":{"$numberLong":"-284643869501"}}}'],
  ['undefined', '08000000 06 6100 00', '{"a":{"$undefined":true}}'],
  ['null', '08000000 0a 6100 00', '{"a":null}'],
  [
    'a name that comes twice',
    '13000000 10 6100 01000000 10 6100 02000000 00',
    '{"a":{"$numberInt":"1"},"a":{"$numberInt":"2"}}',
  ],
  [
    'names that are numbers, behind others',
    '1c000000 10 5f696400 01000000 10 3500 02000000 10 3100 fdffffff 00',
    '{"_id":{"$numberInt":"1"},"5":{"$numberInt":"2"},"1":{"$numberInt":"-3"}}',
  ],
  ['what is not asked for', '13000000 03 5f636600 05000000 00 08 6100 01 00', '{"a":true}'],
  [
    'a member of that name inside',
    '1a000000 03 6100 12000000 03 5f636600 08000000 08 00 00 00 00 00',
    '{"a":{"_cf":{"":false}}}',
  ],
  ['an empty document', '05000000 00', '{}'],
  ['a double', '10000000 01 6100 000000000000f83f 00', '{"a":{"$numberDouble":"1.5"}}'],
  ['a whole double', '10000000 01 6100 0000000000001440 00', '{"a":{"$numberDouble":"5.0"}}'],
  ['a double of minus zero', '10000000 01 6100 0000000000000080 00', '{"a":{"$numberDouble":"-0.0"}}'],
  ['no number', '10000000 01 6100 000000000000f87f 00', '{"a":{"$numberDouble":"NaN"}}'],
  ['a double past all', '10000000 01 6100 000000000000f0ff 00', '{"a":{"$numberDouble":"-Infinity"}}'],
  ['text', '11000000 02 6100 05000000 c3a9002200 00', '{"a":"é\\u0000\\""}'],
  [
    'an array, whatever its elements are named',
    '17000000 04 6100 0f000000 0a 3900 10 3000 07000000 00 00',
    '{"a":[null,{"$numberInt":"7"}]}',
  ],
  ['bytes', '0f000000 05 7800 02000000 80 ffff 00', '{"x":{"$binary":{"base64":"//8=","subType":"80"}}}'],
  [
    'bytes of the old kind',
    '13000000 05 7800 06000000 02 02000000 ffff 00',
    '{"x":{"$binary":{"base64":"//8=","subType":"02"}}}',
  ],
  ['an ObjectId', '14000000 07 6100 56e1fc72e0c917e9c4714161 00', '{"a":{"$oid":"56e1fc72e0c917e9c4714161"}}'],
  [
    'a regular expression',
    '0f000000 0b 6100 61626300 696d00 00',
    '{"a":{"$regularExpression":{"pattern":"abc","options":"im"}}}',
  ],
  [
    'a pointer',
    '1a000000 0c 6100 02000000 6200 56e1fc72e0c917e9c4714161 00',
    '{"a":{"$dbPointer":{"$ref":"b","$id":{"$oid":"56e1fc72e0c917e9c4714161"}}}}',
  ],
  ['code', '19000000 0d 6100 0d000000 61626162616261626162616200 00', '{"a":{"$code":"abababababab"}}'],
  ['a symbol', '0e000000 0e 6100 02000000 6200 00', '{"a":{"$symbol":"b"}}'],
  [
    'code with a scope',
    '21000000 0f 6100 19000000 05000000 6162636400 0c000000 10 7800 01000000 00 00',
    '{"a":{"$code":"abcd","$scope":{"x":{"$numberInt":"1"}}}}',
  ],
  ['a timestamp', '10000000 11 6100 2a000000 ffffffff 00', '{"a":{"$timestamp":{"t":4294967295,"i":42}}}'],
  ['a long', '10000000 12 6100 0000000000000080 00', '{"a":{"$numberLong":"-9223372036854775808"}}'],
  ['a decimal', '18000000 13 6400 00000000000000000000000000003e30 00', '{"d":{"$numberDecimal":"0.0"}}'],
  ['the least and the greatest key', '0b000000 ff 6100 7f 6200 00', '{"a":{"$minKey":1},"b":{"$maxKey":1}}'],
])('%s is kept as it is stored', (_, hex, text) => {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  expect(bytes.readInt32LE()).toBe(bytes.length) // or the case is no document
  expect(textOf(hex)).toEqual({ text, isSound: true })
})

test.each([
  ['a value', '0e000000 02 6100 02000000 e900 00', '{"a":"\ufffd"}'],
  ['a name', '08000000 0a e900 00', '{"\ufffd":null}'],
])('%s that is not UTF-8 is told', (_, hex, text) => {
  expect(textOf(hex)).toEqual({ text, isSound: false })
})

test.each([
  ['a type that there is not', '08000000 20 6100 00'],
  ['an end in the middle', '10000000 12 6100 0000'],
  ['a name without an end', '08000000 0a 61'],
])('%s is no document', (_, hex) => {
  expect(() => textOf(hex)).toThrow(/is of type 32|ends in the middle/)
})

test('the driver reads the same values back', () => {
  const document = { a: [1, 2.5, 'x', null, { b: true }], big: BSON.Long.fromString('9007199254740993') }
  const { text } = canonicalText(BSON.serialize(document), '_cf')
  expect(BSON.EJSON.parse(text, { relaxed: false })).toEqual(
    BSON.deserialize(BSON.serialize(document), { promoteValues: false, promoteLongs: false }),
  )
})
