import { Binary } from 'mongodb'
import { Refused } from '../../../codec/refused.ts'
import type { MongoKind } from './mongo-kind.ts'

export const binaryKind: MongoKind<string> = {
  types: ['binData'],
  decode: (raw) =>
    raw instanceof Binary && raw.sub_type === Binary.SUBTYPE_DEFAULT
      ? Buffer.from(raw.value()).toString('base64')
      : new Refused('is not binary of subtype 0'),
  encode: (value) => new Binary(Buffer.from(value, 'base64')),
  guard: null, // subtypes cannot be told apart; see the kind
  coercion: null,
}
