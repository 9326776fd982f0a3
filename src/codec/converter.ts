import { maxInt, minInt } from './int.ts'

/** How documents hold an instant: as a date, as text in ISO 8601, as the number of milliseconds since 1970. */
export type TimestampForm = 'date' | 'text' | 'milliseconds'

export const timestampForms: readonly TimestampForm[] = ['date', 'text', 'milliseconds']

/**
 * How stored values that are not of their field's kind still get a meaning. Data and not code, so that both query
 * translators can express it and a filter sees what a read shows.
 */
export interface Converter {
  /** Stored values that mean null, for example `['']`. For long and decimal numbers are whole and below 2^53. */
  readonly nullIf?: readonly (string | number | boolean)[]
  /** For int: a stored string counts as the whole number it starts with; `"1995è"` is 1995. */
  readonly intPrefix?: true
  /** For timestamp: the forms that documents hold it in. The first is the one that is written. Default: dates alone. */
  readonly forms?: readonly TimestampForm[]
}

/** The digits that `intPrefix` reads, the same text for JavaScript, PCRE and Postgres. */
export const intPrefixPattern = '^-?[0-9]{1,10}'

/** The number that a string starts with, or undefined where it starts with none that fits 32 bits. */
export function intPrefixOf(text: string): number | undefined {
  const digits = new RegExp(intPrefixPattern).exec(text)?.[0]
  const value = digits === undefined ? Number.NaN : Number(digits) + 0
  return value >= minInt && value <= maxInt ? value : undefined
}

/** The form in which instants are written. */
export const writtenForm = ({ forms }: Converter): TimestampForm => forms?.[0] ?? 'date'

/** A value as `nullIf` names it: whole numbers by value, bigints among them, and instants in the form that is written. */
function plain(converter: Converter, value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) return value
  const form = writtenForm(converter)
  if (form === 'milliseconds') return value.getTime()
  return form === 'text' ? value.toISOString() : value
}

/** True where the value is one that means null. */
export function meansNull(converter: Converter, value: unknown): boolean {
  const { nullIf = [] } = converter
  return nullIf.length > 0 && nullIf.some((each) => each === plain(converter, value))
}
