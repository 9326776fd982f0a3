import { badValue } from './bad-value.ts'
import { bySize } from './by-size.ts'
import type { Kind } from './kind.ts'

/** Bounds of IEEE 754 decimal128, which is BSON's Decimal128; Postgres's numeric is wider. */
export const maxDigits = 34
export const maxExponent = 6144 // of the first digit
const minExponent = -6176 // of the last digit

const form = /^([+-]?)(\d+)(?:\.(\d*))?(?:e([+-]?\d{1,6}))?$/i

/** Without zeros in front; the last digit counts units of ten to the power of `exponent`. */
interface Parts {
  readonly sign: string
  readonly digits: string
  readonly exponent: number
}

/** Undefined for text that is no decimal (NaN and the infinities included). */
function partsOf(text: string): Parts | undefined {
  const found = form.exec(text)
  if (!found) return undefined
  const [, sign, whole = '', fraction = '', power = '0'] = found
  const digits = (whole + fraction).replace(/^0+/, '')
  return { sign: sign === '-' ? '-' : '', digits, exponent: Number(power) - fraction.length }
}

/** Takes zeros off the end, as many as it has but `most`. */
function withoutZeros({ sign, digits, exponent }: Parts, most = digits.length): Parts {
  const zeros = Math.min(/0*$/.exec(digits)![0].length, most)
  return { sign, digits: digits.slice(0, digits.length - zeros), exponent: exponent + zeros }
}

/**
 * The one way to write a value: no zeros at its ends, plain where that stays short, else `1.5E+40`. Undefined for text
 * that is no decimal of 34 digits. −0 is 0.
 */
export function canonicalDecimal(text: string): string | undefined {
  const parts = partsOf(text)
  return parts && written(withoutZeros(parts))
}

/**
 * The one way to write a value with the places behind its point, which say how it was given: 118.90 is not 118.9 to a
 * client. Zeros before the point say nothing in PostgreSQL, so that 1.50E+3 is 1500. At most 34 digits, as a decimal128.
 */
export function scaledDecimal(text: string): string | undefined {
  const parts = partsOf(text)
  if (!parts) return undefined
  if (parts.digits === '') return zero(-parts.exponent)
  const tooMany = Math.max(0, parts.digits.length - maxDigits, minExponent - parts.exponent)
  const fitting = withoutZeros(parts, tooMany)
  return written(fitting.exponent > 0 ? withoutZeros(fitting) : fitting)
}

const zero = (places: number): string => (places <= 0 || places > maxDigits ? '0' : `0.${'0'.repeat(places)}`)

/** How many digits a canonical decimal has, those of its exponent left out. */
export const digitsOf = (decimal: string): number => decimal.replace(/E.*$/, '').replace(/\D/g, '').length

/**
 * A decimal divided by a count, as the nearest double: doubles that divide each other would round twice. What is past the
 * largest double is that one, infinite sums included.
 */
export function quotient(decimal: string, count: number): number {
  const found = form.exec(decimal)
  if (!found) return decimal.startsWith('-') ? -Number.MAX_VALUE : Number.MAX_VALUE
  const [, sign, whole = '', fraction = '', power = '0'] = found
  const places = 40
  const digits = (BigInt(whole + fraction) * 10n ** BigInt(places)) / BigInt(count)
  const nearest = Number(`${sign}${digits}e${Number(power) - fraction.length - places}`)
  return Math.max(-Number.MAX_VALUE, Math.min(nearest, Number.MAX_VALUE))
}

/** The plain number that a text says exactly, where it is whole and below 2^53; else undefined. */
export function wholeNumber(text: string): number | undefined {
  const number = Number(text)
  return Number.isSafeInteger(number) && canonicalDecimal(text) === String(number) ? number : undefined
}

/** Digits, where the first of them stands, which is the power of ten that it counts, and 0 or the sign as a number. */
function sized(decimal: string) {
  const { sign, digits, exponent } = withoutZeros(partsOf(decimal)!)
  return { sign: digits === '' ? 0 : sign === '-' ? -1 : 1, first: exponent + digits.length, digits }
}

/** By value; digit by digit, since their exponents are large. */
function compare(a: string, b: string): number {
  const [one, other] = [sized(a), sized(b)]
  if (one.sign !== other.sign || one.sign === 0) return one.sign - other.sign
  return one.sign * (one.first - other.first || bySize(one.digits, other.digits))
}

/** Undefined for what is no decimal128. */
function written({ sign, digits, exponent }: Parts): string | undefined {
  if (digits === '') return '0'
  const first = exponent + digits.length - 1
  const { digits: least, exponent: last } = withoutZeros({ sign, digits, exponent })
  if (least.length > maxDigits || first > maxExponent || last < minExponent) return undefined
  return sign + writtenOut(digits, exponent, first)
}

function writtenOut(digits: string, exponent: number, first: number): string {
  if (first < -6 || first >= maxDigits) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
    return `${digits[0]}${fraction}E${first < 0 ? '' : '+'}${first}`
  }
  if (exponent >= 0) return digits + '0'.repeat(exponent)
  if (first < 0) return `0.${'0'.repeat(-first - 1)}${digits}`
  return `${digits.slice(0, first + 1)}.${digits.slice(first + 1)}`
}

function parse(value: unknown): string {
  const text = Number.isSafeInteger(value) || typeof value === 'bigint' ? String(value) : value
  const decimal = typeof text === 'string' ? scaledDecimal(text) : undefined
  if (decimal === undefined) throw badValue('decimal', value, 'text with at most 34 digits, for example "12.50"')
  return decimal
}

/**
 * An exact decimal number, as text with the places that it was given: doubles have no exact decimal form, so fractions are
 * never taken from them.
 */
export const decimalKind: Kind<string> = {
  name: 'decimal',
  queries: 'order',
  parse,
  toJson: (value) => value,
  normalize: (value) => canonicalDecimal(value)!,
  compare,
  fromJson: parse,
}
