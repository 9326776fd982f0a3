import { jsonKind as neutral } from '../../../codec/json.ts'
import { Refused } from '../../../codec/refused.ts'
import { CrossfadeError } from '../../../util/errors.ts'
import type { Json } from '../../../util/json.ts'
import type { MongoKind } from './mongo-kind.ts'

export const jsonKind: MongoKind<Json> = {
  types: ['object', 'array', 'string', 'int', 'long', 'double', 'bool'],
  decode: (raw) => {
    try {
      return neutral.parse(raw)
    } catch (error) {
      if (!(error instanceof CrossfadeError)) throw error
      // Without the value, which is kept as raw: issues are counted by their rule
      return new Refused('has no JSON form')
    }
  },
  encode: (value) => value,
  guard: null,
}
