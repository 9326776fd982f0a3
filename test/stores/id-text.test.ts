import { Decimal128, Double, Int32, Long, ObjectId } from 'mongodb'
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
  ])('of %s is %s', (raw, text) => {
    expect(idText(raw)).toBe(text)
  })
})
