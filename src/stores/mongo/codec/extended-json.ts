import { BSON } from 'mongodb'
import { isPlainObject, type Json } from '../../../util/json.ts'
import { isLong } from './is-long.ts'
import { isUnsound } from './unsound.ts'

/** A value as canonical Extended JSON, which keeps its types, and back. */
export const canonical = (value: unknown): Json => BSON.EJSON.serialize({ value }, { relaxed: false })['value']
export const fromCanonical = (json: unknown): unknown =>
  BSON.EJSON.deserialize({ value: json }, { relaxed: false }).value

/** A value as relaxed Extended JSON, whose numbers are JSON's. */
export const relaxed = (value: unknown): Json => BSON.EJSON.serialize({ value }, { relaxed: true })['value']

/**
 * A BSON value that JSON has no form of its own for, as relaxed Extended JSON: `{ "$date": "2020-01-02T03:04:05.678Z" }`.
 * A long past 2^53 keeps its digits. Undefined for what has no form: a date past JavaScript's, a text with NUL, code.
 * Source: MongoDB Extended JSON (v2) specification.
 */
export function toExtended(raw: unknown): Json | undefined {
  if (isUnsound(raw) || raw instanceof BSON.Code) return undefined
  if (isLong(raw)) return { $numberLong: raw.toString() }
  const form = relaxed(raw)
  return isPlainObject(form) && !JSON.stringify(form).includes('\\u0000') ? form : undefined
}

const names = new Set(
  '$date $oid $numberDecimal $numberLong $numberDouble $binary $timestamp $regularExpression $minKey $maxKey'.split(
    ' ',
  ),
)

/**
 * The BSON value that an object is the Extended JSON of; undefined where it is none, or is another writing of it than
 * the one that `toExtended` makes: what a client writes must read back as it was written.
 */
export function fromExtended(object: Readonly<Record<string, unknown>>): unknown {
  const [name, another] = Object.keys(object)
  if (name === undefined || another !== undefined || !names.has(name)) return undefined
  try {
    const raw = fromCanonical(object)
    const isDouble = raw instanceof BSON.Double
    const value = isDouble ? raw.valueOf() : raw
    if (isDouble && Number.isFinite(value)) return undefined
    return JSON.stringify(toExtended(value)) === JSON.stringify(object) ? value : undefined
  } catch {
    return undefined
  }
}
