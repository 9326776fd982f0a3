import pg from 'pg'
import type { PostgresKind } from './postgres-kind.ts'

const driverParser = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ)

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

/** Undefined for instants after Christ. The driver moves leap days before. */
function parseBeforeChrist(text: string): Date | undefined {
  const found = form.exec(text)
  if (!found) return undefined
  const [, year, month, day, hours, minutes, seconds, fraction = ''] = found
  const date = new Date(0)
  date.setUTCFullYear(1 - Number(year), Number(month) - 1, Number(day))
  date.setUTCHours(Number(hours), Number(minutes), Number(seconds), Number(fraction.padEnd(3, '0').slice(0, 3)))
  return date
}

/** An instant as Postgres prints it in UTC. */
export const parseTimestamp = (text: string): Date => parseBeforeChrist(text) ?? driverParser(text)

export const timestampKind: PostgresKind<Date, Date> = {
  type: 'timestamp(3) with time zone',
  cast: 'timestamptz',
  // From the first instant that Postgres has to the last that JavaScript has; the infinite ones lie outside
  among: { from: '4714-11-24 00:00:00+00 BC', to: '275760-09-13 00:00:00+00' },
  decode: (raw) => raw,
  fromText: parseTimestamp,
  encode: format,
}
