import { canonicalDecimal } from '../../../codec/decimal.ts'
import type { PostgresKind } from './postgres-kind.ts'

/** Numeric without bounds: it holds every decimal128, and the driver keeps it text. */
export const decimalKind: PostgresKind<string> = {
  type: 'numeric',
  cast: 'numeric',
  decode: (raw) => canonicalDecimal(raw as string) ?? (raw as string),
  encode: (value) => value,
}
