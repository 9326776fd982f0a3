import { kindOf } from '../codec/kinds.ts'
import type { Json } from '../util/json.ts'
import type { Leaf } from './entity.ts'
import { mapValue } from './lists.ts'

/** The canonical form of a leaf's value: equal exactly where two values are the same to a client. */
export function canonicalValue(leaf: Leaf, value: unknown): Json {
  if (value === null || value === undefined) return null
  return mapValue(leaf, value, kindOf(leaf).toJson)
}

/** One value for all that stores take for equal, as 118.9 for 118.90. */
export function normalizedValue(leaf: Leaf, value: unknown): unknown {
  const { normalize } = kindOf(leaf)
  return value === null || value === undefined || !normalize ? value : mapValue(leaf, value, normalize)
}

/** What a value of a leaf is found by, in canonical form. */
export const keyValue = (leaf: Leaf, value: unknown): Json => canonicalValue(leaf, normalizedValue(leaf, value))

/** Whether both stores take two values of a key for equal, which a client may tell apart. */
export const isSameKey = (leaf: Leaf, one: unknown, other: unknown): boolean =>
  keyValue(leaf, one) === keyValue(leaf, other)
