import { badValue } from './bad-value.ts'
import type { Kind } from './kind.ts'

/** The first instant that Postgres's timestamptz holds (4714-11-24 BC); JavaScript's last, 275760, is the later bound. */
export const minTimestamp = -210866803200000

/** The first and the last instant of the years that four digits say, as texts hold them in MongoDB. */
export const [firstYear, lastYear] = [Date.parse('0001-01-01T00:00:00.000Z'), Date.parse('9999-12-31T23:59:59.999Z')]

/** @throws BAD_USER_INPUT for an instant that no text of ours says. */
export function checkYear(value: unknown): void {
  const instant = (value as Date).getTime()
  if (instant < firstYear || instant > lastYear)
    throw badValue('date', (value as Date).toISOString(), 'a year from 1 to 9999, since MongoDB holds it as text')
}

const iso = /^([+-]?\d{4,6}-\d\d-\d\d)T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/

/** False for the 30th of February, which JavaScript takes for a day of March. */
const isDay = (day: string): boolean => new Date(`${day}T00:00Z`).getUTCDate() === Number(day.slice(-2))

function check(date: Date, value: unknown): Date {
  if (!(date.getTime() >= minTimestamp)) throw badValue('date', value, 'an instant after 4714-11-24 BC')
  return date
}

function parse(value: unknown): Date {
  if (value instanceof Date) return check(value, value)
  const text = typeof value === 'string' ? value : ''
  const [, day] = iso.exec(text) ?? []
  if (day !== undefined && isDay(day)) return check(new Date(text), value)
  throw badValue('date', value, 'ISO 8601 with an offset, for example 1903-12-01T00:00:00.000Z')
}

/** An instant to the millisecond. */
export const timestampKind: Kind<Date> = {
  name: 'timestamp',
  queries: 'order',
  parse,
  toJson: (value) => value.getTime(),
  compare: (a, b) => a.getTime() - b.getTime(),
  fromJson: (json) => {
    if (typeof json !== 'number') throw badValue('date', json, 'milliseconds since 1970')
    return check(new Date(json), json)
  },
}
