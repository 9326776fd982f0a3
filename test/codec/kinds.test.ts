import { describe, expect, test } from 'vitest'
import { intPrefixOf, meansNull } from '../../src/codec/converter.ts'
import { type KindName, kindOf } from '../../src/codec/kinds.ts'

const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)])

const taken: readonly (readonly [kind: KindName, value: unknown, parsed: unknown])[] = [
  ['objectId', '5F00000000000000000000AA', '5f00000000000000000000aa'],
  ['text', '', ''],
  ['text', '👩‍🚀\n', '👩‍🚀\n'],
  ['int', -2147483648, -2147483648],
  ['int', 2147483647, 2147483647],
  ['int', -0, 0],
  ['float', 1e308, 1e308],
  ['float', 5, 5],
  ['boolean', false, false],
  ['timestamp', '1903-12-01T00:00:00Z', new Date('1903-12-01T00:00:00.000Z')],
  ['timestamp', '2020-01-01T01:00:00.1234+01:00', new Date('2020-01-01T00:00:00.123Z')],
  ['timestamp', '-004713-11-24T00:00:00Z', new Date(-210866803200000)],
  ['timestamp', new Date(5), new Date(5)],
  ['json', null, null],
  ['json', { $set: { 'a.b': [-0, 'x', null, true] } }, { $set: { 'a.b': [0, 'x', null, true] } }],
  ['json', deep(90), deep(90)],
  ['decimal', '+007.50', '7.50'],
  ['decimal', '-0.00', '0.00'],
  ['decimal', 12n, '12'],
  ['decimal', '1e34', '1E+34'],
  ['decimal', '1e33', '1000000000000000000000000000000000'],
  ['decimal', '0.5e1', '5'],
  ['decimal', '0.0000012', '0.0000012'],
  ['decimal', '0.00000012', '1.2E-7'],
  ['decimal', '0.000000120', '1.20E-7'],
  ['decimal', '1.50E+3', '1500'],
  ['decimal', '1.00E-6175', '1.0E-6175'],
  ['decimal', '0E-40', '0'],
  ['decimal', '10000000000000000000000000000000000000.00', '1E+37'],
  ['decimal', '99999999999999999999999999999999.900', '99999999999999999999999999999999.90'],
  ['decimal', '0.000000012', '1.2E-8'],
  ['decimal', `1${'0'.repeat(6144)}`, '1E+6144'],
  ['long', '-9223372036854775808', -9223372036854775808n],
  ['long', 5, 5n],
  ['longId', '-9223372036854775808', '-9223372036854775808'],
  ['longId', '+007', '7'],
  ['longId', '-0', '0'],
  ['longId', 5, '5'],
  ['longId', 9007199254740993n, '9007199254740993'],
  ['uuid', '0198C5A3-7E1C-7BB2-8F4E-00A1B2C3D4E5', '0198c5a3-7e1c-7bb2-8f4e-00a1b2c3d4e5'],
  ['binary', 'AB==', 'AA=='],
  ['binary', new Uint8Array([1, 2]), 'AQI='],
  ['enum', 'open', 'open'],
]

const refused: readonly (readonly [kind: KindName, value: unknown, message: string])[] = [
  ['decimal', 0.5, '0.5 is not a valid decimal: expected text with at most 34 digits, for example "12.50".'],
  ['decimal', 'NaN', '"NaN" is not a valid decimal'],
  ['decimal', '12345678901234567890123456789012345', 'is not a valid decimal'],
  ['decimal', '1e6145', 'is not a valid decimal'],
  ['decimal', '1e-6177', 'is not a valid decimal'],
  ['long', 2 ** 53, '9007199254740992 is not a valid long: expected a whole number of 64 bits.'],
  ['long', '9223372036854775808', 'is not a valid long'],
  ['long', '1e3', 'is not a valid long'],
  ['longId', 2 ** 53, '9007199254740992 is not a valid long: expected a whole number of 64 bits.'],
  ['longId', '9223372036854775808', 'is not a valid long'],
  ['longId', '5.5', 'is not a valid long'],
  ['longId', '', 'is not a valid long'],
  ['uuid', '0198c5a37e1c7bb28f4e00a1b2c3d4e5', 'is not a valid uuid: expected 32 hex digits in groups'],
  ['binary', 'AA=', '"AA=" is not a valid binary: expected bytes in base64, padded.'],
  ['binary', 'a-_=', 'is not a valid binary'],
  ['enum', 5, '5 is not a valid text: expected a string.'],
  ['objectId', 'xyz', '"xyz" is not a valid id: expected 24 hex digits.'],
  ['objectId', 7, '7 is not a valid id: expected 24 hex digits.'],
  ['text', 7, '7 is not a valid text: expected a string.'],
  [
    'text',
    'a\0b',
    '"a\\u0000b" is not a valid text: expected a string without the character NUL, which Postgres cannot hold.',
  ],
  ['text', '\ud800', '"\\ud800" is not a valid text: expected well-formed Unicode (it has a lone surrogate).'],
  ['int', 1.5, '1.5 is not a valid int: expected a whole number of 32 bits.'],
  ['int', 2147483648, '2147483648 is not a valid int: expected a whole number of 32 bits.'],
  ['int', '5', '"5" is not a valid int: expected a whole number of 32 bits.'],
  ['int', Number.NaN, 'NaN is not a valid int: expected a whole number of 32 bits.'],
  ['int', 5n, '5 is not a valid int: expected a whole number of 32 bits.'],
  ['float', Number.POSITIVE_INFINITY, 'Infinity is not a valid float: expected a finite number.'],
  ['float', '1', '"1" is not a valid float: expected a finite number.'],
  ['boolean', 1, '1 is not a valid boolean: expected true or false.'],
  [
    'timestamp',
    '2020-01-01',
    '"2020-01-01" is not a valid date: expected ISO 8601 with an offset, for example 1903-12-01T00:00:00.000Z.',
  ],
  [
    'timestamp',
    '2020-01-01T00:00:00',
    '"2020-01-01T00:00:00" is not a valid date: expected ISO 8601 with an offset, for example 1903-12-01T00:00:00.000Z.',
  ],
  ['timestamp', '2020-13-01T00:00:00Z', '"2020-13-01T00:00:00Z" is not a valid date: expected ISO 8601 with an offset'],
  ['timestamp', '2021-02-29T00:00:00Z', 'expected ISO 8601 with an offset, for example 1903-12-01T00:00:00.000Z.'],
  ['timestamp', '2020-04-31T23:00:00-05:00', 'expected ISO 8601 with an offset, for example 1903-12-01T00:00:00.000Z.'],
  ['timestamp', new Date(-210866803200001), 'expected an instant after 4714-11-24 BC.'],
  ['timestamp', new Date(Number.NaN), 'Invalid Date is not a valid date: expected an instant after 4714-11-24 BC.'],
  ['json', Number.NaN, 'NaN is not a valid JSON value: expected finite numbers.'],
  [
    'json',
    undefined,
    'undefined is not a valid JSON value: expected objects, lists, strings, numbers, booleans or null.',
  ],
  [
    'json',
    { a: new Date(5) },
    'is not a valid JSON value: expected objects, lists, strings, numbers, booleans or null.',
  ],
  ['json', { 'a\0': 1 }, 'expected a string without the character NUL, which Postgres cannot hold.'],
  ['json', [{ _bsontype: 'ObjectId' }], 'expected objects without the name "_bsontype".'],
  ['json', deep(91), '"…" is not a valid JSON value: expected at most 90 levels.'],
]

const kindNamed = (kind: KindName) => kindOf({ kind, parts: null })

describe('Kinds', () => {
  test.each(taken)('%s takes %o', (kind, value, parsed) => {
    expect(kindNamed(kind).parse(value)).toEqual(parsed)
  })

  test.each(refused)('%s refuses %o with a message that says what is expected', (kind, value, message) => {
    expect(() => kindNamed(kind).parse(value)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringContaining(message) }),
    )
  })

  test('a message shows at most sixty characters of the value', () => {
    expect(() => kindNamed('int').parse('x'.repeat(1_000))).toThrow(
      `"${'x'.repeat(59)} is not a valid int: expected a whole number of 32 bits.`,
    )
  })

  test.each(taken)('%s comes back from its canonical form: %o', (kind, _value, parsed) => {
    const { toJson, fromJson } = kindNamed(kind)
    expect(fromJson(JSON.parse(JSON.stringify(toJson(parsed))))).toEqual(parsed)
  })

  test('digits of ids are ordered as the numbers that they say', () => {
    const ids = ['-9223372036854775808', '-10', '-9', '0', '9', '10', '9007199254740992', '9007199254740993']
    expect(ids.toReversed().toSorted(kindNamed('longId').compare)).toEqual(ids)
  })

  test('json keeps a key that would change the prototype', () => {
    const value = JSON.parse('{"__proto__": {"a": 1}}')
    expect(JSON.stringify(kindNamed('json').parse(value))).toBe('{"__proto__":{"a":1}}')
  })
})

describe('Converters', () => {
  test.each([
    ['1995è', 1995],
    ['1995', 1995],
    ['-20 BC', -20],
    ['-0', 0],
    ['007', 7],
    ['2147483647', 2147483647],
    ['2147483648', undefined],
    ['99999999999', undefined],
    [' 1995', undefined],
    ['+5', undefined],
    ['c. 1995', undefined],
    ['', undefined],
    ['-', undefined],
    ['٣', undefined],
  ])('the whole number that %o starts with', (value, number) => {
    expect(intPrefixOf(value)).toBe(number)
  })

  test('a value means null only where it is named, type and all', () => {
    expect(meansNull({ nullIf: ['', 0] }, '')).toBe(true)
    expect(meansNull({ nullIf: ['', 0] }, 0)).toBe(true)
    expect(meansNull({ nullIf: ['', 0] }, '0')).toBe(false)
    expect(meansNull({ nullIf: ['', 0] }, false)).toBe(false)
    expect(meansNull({}, '')).toBe(false)
  })
})
