import { type Document, Int32 } from 'mongodb'
import { isInt, maxInt, minInt } from '../../../codec/int.ts'
import { Refused } from '../../../codec/refused.ts'
import { anyNumberOf, branch, type Coercion, chosen, ofTypes, textAsDouble, where } from './coercion.ts'
import type { MongoKind } from './mongo-kind.ts'

// NaN sorts below every number in Mongo, so the bounds leave it out
const fits = (value: string): Document => ({
  $and: [{ $gte: [value, minInt] }, { $lte: [value, maxInt] }, { $eq: [{ $trunc: value }, value] }],
})

/** Null where a number is not one of 32 bits; `number` may be null. */
const asInt = (number: unknown): Document => ({
  $let: { vars: { n: number }, in: where(fits('$$n'), { $toInt: '$$n' }) },
})

const coercion: Coercion<number> = {
  stored: ofTypes('string', 'bool', 'decimal', 'date'),
  decode(raw) {
    const number = anyNumberOf(raw)
    return isInt(number) ? number + 0 : undefined
  },
  expression: (value) =>
    chosen(
      branch(value, ['string'], asInt(textAsDouble(value))),
      branch(value, ['bool'], { $toInt: value }),
      branch(value, ['decimal'], asInt(value)),
      branch(value, ['date'], asInt({ $toLong: value })),
    ),
}

export const intKind: MongoKind<number, Int32> = {
  types: ['int', 'long', 'double'],
  decode: (raw) => {
    if (typeof raw !== 'number') return new Refused('is not a whole number of 32 bits')
    if (!Number.isInteger(raw)) return new Refused('is not a whole number')
    return raw >= minInt && raw <= maxInt ? raw + 0 : new Refused('is past 32 bits')
  },
  encode: (value) => new Int32(value),
  guard: fits,
  coercion,
}
