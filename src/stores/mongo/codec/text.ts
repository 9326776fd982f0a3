import { Refused } from '../../../codec/refused.ts'
import type { MongoKind } from './mongo-kind.ts'

export const textKind: MongoKind<string> = {
  types: ['string'],
  decode: (raw) => {
    if (typeof raw !== 'string') return new Refused('is not a string')
    return raw.includes('\0') ? new Refused('holds the character NUL, which Postgres cannot store') : raw
  },
  encode: (value) => value,
  guard: (value) => ({ $eq: [{ $indexOfCP: [value, '\0'] }, -1] }),
}
