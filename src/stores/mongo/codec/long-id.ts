import { Decimal128, type Document, Long } from 'mongodb'
import { canonicalDecimal } from '../../../codec/decimal.ts'
import { maxLong, minLong } from '../../../codec/long.ts'
import { Refused } from '../../../codec/refused.ts'
import { branch, type Coercion, chosen, ofTypes, where } from './coercion.ts'
import { longKind } from './long.ts'
import type { MongoKind } from './mongo-kind.ts'

const isDigits = /^(?:0|-?[1-9][0-9]{0,18})$/

const isId = (text: string): boolean => isDigits.test(text) && BigInt(text) >= minLong && BigInt(text) <= maxLong

/** References are often kept as text in a part of the documents. Digits that are written otherwise would be another ID to a client. */
const coercion: Coercion<string> = {
  stored: ofTypes('string'),
  decode: (raw) => (typeof raw === 'string' && isId(raw) ? raw : undefined),
  expression(value) {
    const isOne = { $regexMatch: { input: value, regex: `${isDigits.source}(?!\\n)` } }
    const long = { $convert: { input: value, to: 'long', onError: null, onNull: null } }
    return chosen(branch(value, ['string'], where(isOne, long)))
  },
}

const isWhole = (value: string): Document => ({
  $and: [{ $gte: [value, Long.MIN_VALUE] }, { $lte: [value, Long.MAX_VALUE] }, { $eq: [{ $trunc: value }, value] }],
})

function decode(raw: unknown): string | Refused {
  if (raw instanceof Decimal128) {
    const text = canonicalDecimal(raw.toString())
    return text !== undefined && isId(text) ? text : new Refused('is not a whole number of 64 bits')
  }
  const long = longKind.decode(raw)
  return long instanceof Refused ? long : String(long)
}

/** Whole numbers of 64 bits, of whatever number type: MongoDB takes those of one value for one key. */
export const longIdKind: MongoKind<string, Long> = {
  types: ['int', 'long', 'double', 'decimal'],
  decode,
  encode: (value) => Long.fromString(value),
  guard: (value) => ({ $or: [{ $in: [{ $type: value }, ['int', 'long']] }, isWhole(value)] }),
  coercion,
}
