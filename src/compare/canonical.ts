import { canonicalValue } from '../entity/canonical-value.ts'
import type { Entity, Leaf, ObjectList, Rec, Scope } from '../entity/entity.ts'
import { type Members, objectsOf } from '../entity/lists.ts'
import { valueAt } from '../entity/values.ts'
import type { Json } from '../util/json.ts'

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
