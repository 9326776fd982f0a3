import { canonicalValue } from '../entity/canonical-value.ts'
import type { Entity, Leaf, ObjectList, Rec, Scope } from '../entity/entity.ts'
import { type Members, objectsOf } from '../entity/lists.ts'
import { valueAt } from '../entity/values.ts'
import { isPlainObject, type Json } from '../util/json.ts'
import { hidden } from './differences.ts'

export function canonicalAt(record: Members, leaf: Leaf): Json {
  return canonicalValue(leaf, valueAt(record, leaf.keys))
}

/** By path what is held, and which embedded objects are there. */
function canonicalMembers({ leaves, embeds }: Scope, members: Members): { [key: string]: Json } {
  return {
    ...Object.fromEntries(leaves.values().map((leaf) => [leaf.path, canonicalAt(members, leaf)])),
    ...Object.fromEntries(embeds.values().map(({ path }) => [path, valueAt(members, path.split('.')) !== null])),
  }
}

/** The canonical form of a list of objects. */
export function canonicalObjects(list: ObjectList, value: unknown): Json[] | null {
  return objectsOf(value)?.map((element) => canonicalMembers(list, element)) ?? null
}

/** A whole record as JSON that loses nothing, by path; for notes that keep one. */
export function canonicalRecord(entity: Entity, record: Rec): Json {
  const lists = entity.lists.values().map((list) => [list.path, canonicalObjects(list, valueAt(record, list.keys))])
  return { id: record.id, ...canonicalMembers(entity, record), ...Object.fromEntries(lists) }
}

/** A path that this mapping does not know may be of one that hid it. */
function shownMembers({ leaves, embeds, lists }: Scope, members: Json): Json {
  if (!isPlainObject(members)) return members
  const isShown = (path: string): boolean =>
    path === 'id' || embeds.has(path) || lists.has(path) || leaves.get(path)?.sensitive === false
  return Object.fromEntries(Object.entries(members).map(([path, value]) => [path, isShown(path) ? value : hidden]))
}

/** What `canonicalRecord` has made, without what the mapping hides. */
export function shownRecord(entity: Entity, record: Json): Json {
  const shown = shownMembers(entity, record)
  if (!isPlainObject(shown)) return shown
  const lists = entity.lists.values().map((list) => {
    const elements = shown[list.path]
    if (list.sensitive) return [list.path, hidden]
    return [list.path, Array.isArray(elements) ? elements.map((each) => shownMembers(list, each)) : (elements ?? null)]
  })
  return { ...shown, ...Object.fromEntries(lists) }
}
