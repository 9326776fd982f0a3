import { Refused } from '../../../codec/refused.ts'
import type { MongoKind } from './mongo-kind.ts'

export const booleanKind: MongoKind<boolean> = {
  types: ['bool'],
  decode: (raw) => (typeof raw === 'boolean' ? raw : new Refused('is neither true nor false')),
  encode: (value) => value,
  guard: null,
}
