import type { Document } from 'mongodb'
import { where } from './coercion.ts'

const date = '([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'
const time = '([01][0-9]|2[0-3]):([0-5][0-9])'
const offset = '(?:Z|([+-])([01][0-9]|2[0-3]):?([0-5][0-9]))'
// PCRE's $ also matches before a last line break; the look-ahead forbids it. MongoDB makes dates from the year 1 on.
const [begins, ends] = ['^(?!0000)', '$(?!\\n)']

/**
 * The texts of ISO 8601 that say one instant, wherever they are read: a day, which begins in UTC, or a time with an offset.
 * The same for JavaScript and PCRE; years of four digits.
 */
export const isoText = `${begins}${date}(?:[T ]${time}(?::([0-5][0-9])(?:\\.([0-9]{1,3})[0-9]{0,6})?)?${offset})?${ends}`

/** As `toISOString` writes them: of these the order of texts is that of instants, and one instant is one text. */
export const ownText = `${begins}${date}T${time}:([0-5][0-9])\\.([0-9]{3})Z${ends}`

/** Texts of the first kind that are none of the second. */
export const otherIsoText = `^(?!${ownText.slice(1)})${isoText.slice(1)}`

const [iso, own] = [new RegExp(isoText), new RegExp(ownText)]

/** The instant of a text, in milliseconds; undefined for what is no such text, and for a day that its month has not. */
export function instantOf(text: string): number | undefined {
  const found = iso.exec(text)
  if (!found) return undefined
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', sign, hours, minutes] = found
  const local = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0')}Z`)
  if (local.getUTCDate() !== Number(day)) return undefined
  const ahead = sign === undefined ? 0 : Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes))
  return local.getTime() - ahead * 60_000
}

/** Whether a text is the one that is written for its instant. */
export const isOwnText = (text: string): boolean => own.test(text) && instantOf(text) !== undefined

const group = (number: number): Document => ({ $arrayElemAt: ['$$found.captures', number] })
const numberAt = (number: number): Document => ({ $toInt: { $ifNull: [group(number), '0'] } })
const milliseconds = { $toInt: { $substrBytes: [{ $concat: [{ $ifNull: [group(6), ''] }, '000'] }, 0, 3] } }

/** Of what was found in a text: as a clock at its place would show it. A day that the month has not is one of the next. */
const local: Document = {
  $dateFromParts: {
    year: numberAt(0),
    month: numberAt(1),
    day: numberAt(2),
    hour: numberAt(3),
    minute: numberAt(4),
    second: numberAt(5),
    millisecond: milliseconds,
  },
}
const isDay: Document = { $eq: [{ $dayOfMonth: local }, numberAt(2)] }
const ahead: Document = {
  $multiply: [
    { $cond: [{ $eq: [group(7), '-'] }, -60_000, 60_000] },
    { $add: [{ $multiply: [numberAt(8), 60] }, numberAt(9)] },
  ],
}

const among = (value: string, regex: string, then: Document): Document => ({
  $let: {
    vars: { found: { $regexFind: { input: value, regex } } },
    in: { $cond: [{ $eq: ['$$found', null] }, null, then] },
  },
})

/** `instantOf` as an expression over a text, which makes a date. */
export const dateOfText = (value: string): Document =>
  among(value, isoText, where(isDay, { $subtract: [local, ahead] }))

/** `isOwnText` likewise. */
export const isOwnTextAt = (value: string): Document => ({ $eq: [among(value, ownText, isDay), true] })
