import { Binary, UUID } from 'mongodb'
import { Refused } from '../../../codec/refused.ts'
import type { MongoKind } from './mongo-kind.ts'

const lowest = new UUID('00000000-0000-0000-0000-000000000000')
const highest = new UUID('ffffffff-ffff-ffff-ffff-ffffffffffff')

/** Binary of subtype 4. The old subtype 3 is refused: its byte order depends on the driver that wrote it. */
export const uuidKind: MongoKind<string, UUID> = {
  types: ['binData'],
  decode: (raw) => {
    const fits = raw instanceof Binary && raw.sub_type === Binary.SUBTYPE_UUID && raw.length() === 16
    return fits ? raw.toUUID().toHexString(true) : new Refused('is not a UUID of binary subtype 4')
  },
  encode: (value) => new UUID(value),
  // Binary is ordered by length, then subtype, then bytes
  guard: (value) => ({ $and: [{ $gte: [value, lowest] }, { $lte: [value, highest] }] }),
  coercion: null,
}
