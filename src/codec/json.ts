import { isPlainObject, type Json } from '../util/json.ts'
import { badValue } from './bad-value.ts'
import type { Kind } from './kind.ts'
import { textKind } from './text.ts'

/** Levels of objects and lists inside each other. */
export const maxDepth = 90 // BSON allows 100 levels; the document itself and its embeds need some

function check(value: unknown, depth: number): Json {
  if (depth > maxDepth) throw badValue('JSON value', '…', `at most ${maxDepth} levels`)
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'string') return textKind.parse(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw badValue('JSON value', value, 'finite numbers')
    return value + 0
  }
  if (Array.isArray(value)) return value.map((element) => check(element, depth + 1))
  if (!isPlainObject(value)) throw badValue('JSON value', value, 'objects, lists, strings, numbers, booleans or null')
  const member = ([key, each]: [string, unknown]): [string, Json] => {
    // The driver takes an object with this name for a BSON value
    if (key === '_bsontype') throw badValue('JSON value', key, 'objects without the name "_bsontype"')
    return [textKind.parse(key), check(each, depth + 1)]
  }
  // Not by assignment, which would lose a member called `__proto__`
  return Object.fromEntries(Object.entries(value).map(member))
}

const parse = (value: unknown): Json => check(value, 0)

/** Any JSON value. The order of keys means nothing; numbers are equal by value. */
export const jsonKind: Kind<Json> = { name: 'json', queries: 'none', parse, toJson: (value) => value, fromJson: parse }
