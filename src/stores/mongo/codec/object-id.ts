import { ObjectId } from 'mongodb'
import { Refused } from '../../../codec/refused.ts'
import { branch, type Coercion, chosen, ofTypes, where } from './coercion.ts'
import type { MongoKind } from './mongo-kind.ts'

const form = '^[0-9a-f]{24}$(?!\\n)'

/** References are often kept as text in a part of the documents. Upper-case digits would be another ID to a client. */
const coercion: Coercion<string> = {
  stored: ofTypes('string'),
  decode: (raw) => (typeof raw === 'string' && /^[0-9a-f]{24}$/.test(raw) ? raw : undefined),
  expression: (value) =>
    chosen(branch(value, ['string'], where({ $regexMatch: { input: value, regex: form } }, { $toObjectId: value }))),
}

export const objectIdKind: MongoKind<string, ObjectId> = {
  types: ['objectId'],
  decode: (raw) => (raw instanceof ObjectId ? raw.toHexString() : new Refused('is not an ObjectId')),
  encode: (value) => new ObjectId(value),
  guard: null,
  coercion,
}
