import { Refused } from '../../../codec/refused.ts'
import { branch, type Coercion, chosen, finite, numberOf, ofTypes, toDouble, where } from './coercion.ts'
import type { MongoKind } from './mongo-kind.ts'

const coercion: Coercion<boolean> = {
  stored: ofTypes('int', 'long', 'double', 'decimal', 'date'),
  decode(raw) {
    const number = numberOf(raw)
    return Number.isFinite(number) ? number !== 0 : undefined
  },
  expression(value) {
    // As a double, since a decimal may be too small or too large for one
    const number = { $let: { vars: { n: toDouble(value) }, in: where(finite('$$n'), { $ne: ['$$n', 0] }) } }
    return chosen(
      branch(value, ['int', 'long', 'double', 'decimal'], number),
      branch(value, ['date'], { $ne: [{ $toLong: value }, 0] }),
    )
  },
}

export const booleanKind: MongoKind<boolean> = {
  types: ['bool'],
  decode: (raw) => (typeof raw === 'boolean' ? raw : new Refused('is neither true nor false')),
  encode: (value) => value,
  guard: null,
  coercion,
}
