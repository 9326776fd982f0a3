import { ObjectId } from 'mongodb'
import { Refused } from '../../../codec/refused.ts'
import type { MongoKind } from './mongo-kind.ts'

export const objectIdKind: MongoKind<string> = {
  types: ['objectId'],
  decode: (raw) => (raw instanceof ObjectId ? raw.toHexString() : new Refused('is not an ObjectId')),
  encode: (value) => new ObjectId(value),
  guard: null,
}
