import { Double, Long } from 'mongodb'
import { Refused } from '../../../codec/refused.ts'
import type { MongoKind } from './mongo-kind.ts'

const maxDouble = Number.MAX_VALUE
const maxWhole = 2 ** 53 // the driver makes longs up to here numbers

export const floatKind: MongoKind<number> = {
  types: ['int', 'long', 'double'],
  decode: (raw) => {
    if (Long.isLong(raw)) return new Refused('is past the whole numbers that a double holds')
    if (typeof raw !== 'number') return new Refused('is not a number')
    return Number.isFinite(raw) ? raw + 0 : new Refused('is not finite')
  },
  // Double keeps 6.0 a double; a plain 6 would be stored as an int32
  encode: (value) => new Double(value),
  guard: (value) => ({
    $and: [
      { $gte: [value, -maxDouble] },
      { $lte: [value, maxDouble] },
      {
        $or: [
          { $ne: [{ $type: value }, 'long'] },
          // Not $abs, which fails on the smallest long
          { $and: [{ $gte: [value, -maxWhole] }, { $lte: [value, maxWhole] }] },
        ],
      },
    ],
  }),
}
