import { Binary, Decimal128, Double, Int32, Long, ObjectId, UUID } from 'mongodb'
import { describe, expect, test } from 'vitest'
import { idText } from '../../src/stores/mongo/id-text.ts'

describe('The text of a stored id', () => {
  test.each<[unknown, string]>([
    [Long.fromString('9007199254740993'), '9007199254740993'],
    [2 ** 60, '1152921504606846976'],
    [-(2 ** 60), '-1152921504606846976'],
    [new Double(12).valueOf(), '12'],
    [-0, '0'],
    [new Int32(-5), '-5'],
    [Decimal128.fromString('7.0'), '7'],
    [Decimal128.fromString('1E+18'), '1000000000000000000'],
    [Decimal128.fromString('NaN'), 'NaN'],
    [5.5, '5.5'],
    [Number.NaN, 'NaN'],
    ['007', '007'],
    [new ObjectId('5f00000000000000000000aa'), '5f00000000000000000000aa'],
    [{ store: 's1', number: new Double(5) }, '[["store","\\"s1\\""],["number","5"]]'],
    [{ store: 's1', number: Long.fromNumber(5) }, '[["store","\\"s1\\""],["number","5"]]'],
    [{ store: 's1', number: Decimal128.fromString('5.0') }, '[["store","\\"s1\\""],["number","5"]]'],
    [{ number: 5, store: 's1' }, '[["number","5"],["store","\\"s1\\""]]'],
    [{ store: '5', number: 5 }, '[["store","\\"5\\""],["number","5"]]'],
    [{ at: new Date(5), of: 5 }, '[["at","at 5"],["of","5"]]'],
    [
      { of: new UUID('0b81ecbc-5a0e-4b6b-9f0a-5d1f6e0c9aaf'), by: new Binary(new Uint8Array([1]), 3) },
      '[["of","4 0b81ecbc5a0e4b6b9f0a5d1f6e0c9aaf"],["by","3 01"]]',
    ],
  ])('of %s is %s', (raw, text) => {
    expect(idText(raw)).toBe(text)
  })
})
