import { Int32 } from 'mongodb'
import { maxInt, minInt } from '../../../codec/int.ts'
import { Refused } from '../../../codec/refused.ts'
import type { MongoKind } from './mongo-kind.ts'

export const intKind: MongoKind<number> = {
  types: ['int', 'long', 'double'],
  decode: (raw) => {
    if (typeof raw !== 'number') return new Refused('is not a whole number of 32 bits')
    if (!Number.isInteger(raw)) return new Refused('is not a whole number')
    return raw >= minInt && raw <= maxInt ? raw + 0 : new Refused('is past 32 bits')
  },
  encode: (value) => new Int32(value),
  // NaN sorts below every number in Mongo, so the bounds leave it out
  guard: (value) => ({
    $and: [{ $gte: [value, minInt] }, { $lte: [value, maxInt] }, { $eq: [{ $trunc: value }, value] }],
  }),
}
