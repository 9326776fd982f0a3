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

const form = /^(\d+)-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d+))?\+00 BC$/

/** An instant before Christ as Postgres prints it in UTC; undefined for all others. The driver moves its leap days. */
export function parseBeforeChrist(text: string): Date | undefined {
  const found = form.exec(text)
  if (!found) return undefined
  const [, year, month, day, hours, minutes, seconds, fraction = ''] = found
  const date = new Date(0)
  date.setUTCFullYear(1 - Number(year), Number(month) - 1, Number(day))
  date.setUTCHours(Number(hours), Number(minutes), Number(seconds), Number(fraction.padEnd(3, '0').slice(0, 3)))
  return date
}

export const timestampKind: PostgresKind<Date> = {
  type: 'timestamp(3) with time zone',
  cast: 'timestamptz',
  decode: (raw) => raw as Date,
  encode: format,
}
