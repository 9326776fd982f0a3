import { bySize } from './by-size.ts'
import type { Kind } from './kind.ts'
import { longKind } from './long.ts'

const parse = (value: unknown): string => String(longKind.parse(value))

/**
 * An id that is a whole number of 64 bits, as digits without zeros in front. Text, as what goes through JSON, addresses
 * and GraphQL's `ID` must be to keep every digit; ordered as the number that it says.
 */
export const longIdKind: Kind<string> = {
  name: 'longId',
  queries: 'order',
  parse,
  toJson: (value) => value,
  compare: (a, b) => bySize(BigInt(a), BigInt(b)),
  fromJson: parse,
}
