import type { PostgresKind } from './postgres-kind.ts'

/** Postgres counts years before Christ from 1 and has no year 0; JavaScript's year 0 is 1 BC. */
function format(date: Date): string {
  const year = date.getUTCFullYear()
  const rest = date
    .toISOString()
    .replace(/^[+-]?\d+-/, '')
    .replace('T', ' ')
    .replace('Z', '+00')
  return year > 0 ? `${String(year).padStart(4, '0')}-${rest}` : `${String(1 - year).padStart(4, '0')}-${rest} BC`
}

export const timestampKind: PostgresKind<Date> = {
  type: 'timestamp(3) with time zone',
  cast: 'timestamptz',
  decode: (raw) => raw as Date,
  encode: format,
}
