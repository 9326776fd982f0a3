import { type Document, Double, Long } from 'mongodb'
import { Refused } from '../../../codec/refused.ts'
import {
  anyNumberOf,
  branch,
  type Coercion,
  chosen,
  finite,
  ofTypes,
  textAsDouble,
  toDouble,
  where,
} from './coercion.ts'
import { isLong } from './is-long.ts'
import type { MongoKind } from './mongo-kind.ts'

const maxWhole = 2 ** 53 // the driver makes longs up to here numbers

/** Null where a number is not finite as a double; `number` may be null. */
const asDouble = (number: unknown): Document => ({
  $let: { vars: { n: toDouble(number) }, in: where(finite('$$n'), '$$n') },
})

const past = [{ $gt: Long.fromNumber(maxWhole) }, { $lt: Long.fromNumber(-maxWhole) }]

/** Longs that no double holds are the nearest one, which Mongo would not find equal. */
const coercion: Coercion<number> = {
  stored: (path) => ({
    $or: [
      ofTypes('string', 'bool', 'decimal', 'date')(path),
      ...past.map((bound) => ({ [path]: { $type: 'long', ...bound } })),
    ],
  }),
  decode(raw) {
    const number = anyNumberOf(raw)
    return Number.isFinite(number) ? number! + 0 : undefined
  },
  expression: (value) =>
    chosen(
      branch(value, ['string'], asDouble(textAsDouble(value))),
      branch(value, ['bool'], { $toDouble: value }),
      branch(value, ['decimal', 'long'], asDouble(value)),
      branch(value, ['date'], asDouble({ $toLong: value })),
    ),
}

export const floatKind: MongoKind<number> = {
  types: ['int', 'long', 'double'],
  decode: (raw) => {
    if (isLong(raw)) return new Refused('is past the whole numbers that a double holds')
    if (typeof raw !== 'number') return new Refused('is not a number')
    return Number.isFinite(raw) ? raw + 0 : new Refused('is not finite')
  },
  // Double keeps 6.0 a double; a plain 6 would be stored as an int32
  encode: (value) => new Double(value),
  guard: (value) => ({
    $and: [
      finite(value),
      {
        $or: [
          { $ne: [{ $type: value }, 'long'] },
          // Not $abs, which fails on the smallest long
          { $and: [{ $gte: [value, -maxWhole] }, { $lte: [value, maxWhole] }] },
        ],
      },
    ],
  }),
  coercion,
}
