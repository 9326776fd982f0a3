import { scaledDecimal } from '../../../codec/decimal.ts'
import type { PostgresKind } from './postgres-kind.ts'

const fromText = (text: string): string => scaledDecimal(text) ?? text

/** Numeric without bounds: it holds every decimal128, and the driver keeps it text. */
export const decimalKind: PostgresKind<string, string> = {
  type: 'numeric',
  cast: 'numeric',
  among: { without: ['NaN', 'Infinity', '-Infinity'] },
  decode: (raw) => fromText(raw),
  fromText,
  encode: (value) => value,
}
