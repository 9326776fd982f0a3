import { Decimal128 } from 'mongodb'
import { scaledDecimal } from '../../../codec/decimal.ts'
import { Refused } from '../../../codec/refused.ts'
import { isLong } from './is-long.ts'
import type { MongoKind } from './mongo-kind.ts'

const largest = Decimal128.fromString('9.999999999999999999999999999999999E+6144')
const smallest = Decimal128.fromString('-9.999999999999999999999999999999999E+6144')

/** Decimals, and whole numbers of the other types, which are exact. */
export const decimalKind: MongoKind<string> = {
  types: ['int', 'long', 'double', 'decimal'],
  decode: (raw) => {
    if (raw instanceof Decimal128) return scaledDecimal(raw.toString()) ?? new Refused('is not finite')
    if (isLong(raw)) return raw.toString()
    if (typeof raw !== 'number') return new Refused('is not a number')
    return Number.isSafeInteger(raw) ? String(raw + 0) : new Refused('is a double that is no exact decimal')
  },
  encode: (value) => Decimal128.fromString(value),
  guard: (value) => ({
    $switch: {
      branches: [
        { case: { $eq: [{ $type: value }, 'decimal'] }, then: between(value, smallest, largest) },
        {
          case: { $eq: [{ $type: value }, 'double'] },
          then: {
            $and: [
              between(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
              { $eq: [{ $trunc: value }, value] },
            ],
          },
        },
      ],
      default: true,
    },
  }),
  coercion: null,
}

const between = (value: string, low: unknown, high: unknown) => ({
  $and: [{ $gte: [value, low] }, { $lte: [value, high] }],
})
