import { Refused } from '../../../codec/refused.ts'
import { minTimestamp } from '../../../codec/timestamp.ts'
import type { MongoKind } from './mongo-kind.ts'

export const maxTimestamp = 8.64e15 // the last instant of ECMAScript's Date

export const timestampKind: MongoKind<Date> = {
  types: ['date'],
  decode: (raw) => {
    if (!(raw instanceof Date)) return new Refused('is not a date')
    return raw.getTime() >= minTimestamp ? raw : new Refused('is outside the years that both stores hold')
  },
  encode: (value) => value,
  // Stand-in (SecantusDB): as milliseconds, since it takes no date constant outside of the years 1 to 9999
  guard: (value) => ({
    $and: [{ $gte: [{ $toLong: value }, minTimestamp] }, { $lte: [{ $toLong: value }, maxTimestamp] }],
  }),
  coercion: null,
}
