import { Double, Long } from 'mongodb'
import { Refused } from '../../../codec/refused.ts'
import { isLong } from './is-long.ts'
import type { MongoKind } from './mongo-kind.ts'

const past = 2 ** 63

/** Whole numbers of 64 bits, of whatever number type. */
export const longKind: MongoKind<bigint> = {
  types: ['int', 'long', 'double'],
  decode: (raw) => {
    if (isLong(raw)) return raw.toBigInt()
    if (typeof raw !== 'number') return new Refused('is not a whole number of 64 bits')
    if (!Number.isInteger(raw)) return new Refused('is not a whole number')
    return raw >= -past && raw < past ? BigInt(raw) : new Refused('is past 64 bits')
  },
  encode: (value) => Long.fromBigInt(value),
  guard: (value) => ({
    $or: [
      { $ne: [{ $type: value }, 'double'] },
      {
        $and: [
          { $gte: [value, new Double(-past)] },
          { $lt: [value, new Double(past)] },
          { $eq: [{ $trunc: value }, value] },
        ],
      },
    ],
  }),
  coercion: null,
}
