import { kindOf } from '../codec/kinds.ts'
import type { Leaf, ObjectList } from '../entity/entity.ts'
import { valueAt } from '../entity/values.ts'
import type { Json } from '../util/json.ts'

/** The canonical form of a leaf's value: equal exactly where two values mean the same. */
export function canonicalValue(leaf: Leaf, value: unknown): Json {
  if (value === null || value === undefined) return null
  const kind = kindOf(leaf.kind)
  return leaf.list === 'none' ? kind.toJson(value) : (value as unknown[]).map((element) => kind.toJson(element))
}

export function canonicalAt(record: Readonly<Record<string, unknown>>, leaf: Leaf): Json {
  return canonicalValue(leaf, valueAt(record, leaf.keys))
}

/** The canonical form of a list of objects: by path what each holds, and which embedded objects are there. */
export function canonicalObjects(list: ObjectList, value: unknown): Json {
  if (value === null || value === undefined) return null
  return (value as Readonly<Record<string, unknown>>[]).map((element) => ({
    ...Object.fromEntries(list.leaves.values().map((leaf) => [leaf.path, canonicalAt(element, leaf)])),
    ...Object.fromEntries(list.embeds.values().map(({ path }) => [path, valueAt(element, path.split('.')) !== null])),
  }))
}
