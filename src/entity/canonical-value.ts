import { kindOf } from '../codec/kinds.ts'
import type { Json } from '../util/json.ts'
import type { Leaf } from './entity.ts'
import { mapValue } from './lists.ts'

/** The canonical form of a leaf's value: equal exactly where two values mean the same. */
export function canonicalValue(leaf: Leaf, value: unknown): Json {
  if (value === null || value === undefined) return null
  return mapValue(leaf, value, kindOf(leaf.kind).toJson)
}
