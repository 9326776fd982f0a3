import type { Document } from 'mongodb'
import { isPlainObject } from '../../util/json.ts'

/**
 * A number's type and text: to MongoDB 1, 1.0 and a decimal 1.00 are equal. An error of other types is none.
 *
 * @param value an expression, as everywhere here.
 */
export const numberOf = (value: unknown): unknown[] => [
  { $type: value },
  { $convert: { input: value, to: 'string', onError: null, onNull: null } },
]

/** What is made of each element of a list; null of what is none. */
export const eachOf = (value: string, as: string, made: unknown): Document => ({
  $cond: [{ $isArray: value }, { $map: { input: value, as, in: made } }, null],
})

const isNumber = (bson: unknown): boolean =>
  typeof bson === 'number' || /^(Double|Int32|Long|Decimal128)$/.test(String(Object(bson)._bsontype))

/** Conditions of one value at most, and how deep they go: more would be long in the asking, and too deep for a command. */
const [most, deepest] = [100, 20]

/** Characters of keys in all of them: each says the whole way to what it asks of. */
const mostKeys = 10_000

interface Part {
  readonly condition: Document
  readonly keys: number
}

/** @param way characters of the keys that lead to the value. */
function* parts(bson: unknown, value: unknown, depth: number, way: number): Generator<Part | null> {
  if (depth > deepest) yield null
  else if (isNumber(bson)) yield { condition: { $eq: [numberOf(value), numberOf({ $literal: bson })] }, keys: 2 * way }
  else if (Array.isArray(bson))
    for (const [index, each] of bson.entries()) yield* parts(each, { $arrayElemAt: [value, index] }, depth + 1, way)
  else if (isPlainObject(bson)) {
    // Stand-in (SecantusDB): the order of keys by itself, since objects of another order are equal there
    const keys = { $map: { input: { $objectToArray: value }, as: 'm', in: '$$m.k' } }
    const own = Object.keys(bson)
    yield { condition: { $eq: [keys, { $literal: own }] }, keys: way + own.join('').length }
    // No manual says that $getField takes a name of no letters
    for (const [key, each] of Object.entries(bson))
      if (key === '') yield null
      else yield* parts(each, { $getField: { field: { $literal: key }, input: value } }, depth + 1, way + key.length)
  }
}

/** Conditions that a value which is equal to a given one has its numbers and keys as well; null where they are too many. */
export function partsOf(bson: unknown, value: string): Document[] | null {
  const conditions: Document[] = []
  let keys = 0
  for (const part of parts(bson, value, 0, 0)) {
    keys += part?.keys ?? 0
    if (part === null || conditions.length === most || keys > mostKeys) return null
    conditions.push(part.condition)
  }
  return conditions
}
