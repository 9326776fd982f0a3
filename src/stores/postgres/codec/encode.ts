import {
  type Entity,
  type Id,
  isObjectList,
  type Leaf,
  type ObjectList,
  type Rec,
  type Scope,
} from '../../../entity/entity.ts'
import { listOf, type Members, mapValue, objectsOf } from '../../../entity/lists.ts'
import { valueAt } from '../../../entity/values.ts'
import type { Json } from '../../../util/json.ts'
import type { Image } from '../../store.ts'
import { postgresKind } from './postgres-kinds.ts'

export function encodeLeaf(leaf: Leaf, value: unknown): unknown {
  if (value === null || value === undefined) return null
  const { encode } = postgresKind(leaf.kind)
  return mapValue(leaf, value, encode)
}

function encodeMembers({ leaves, embeds }: Scope, record: Members): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  for (const embed of embeds.values()) row[embed.column] = valueAt(record, embed.path.split('.')) !== null
  for (const leaf of leaves.values()) {
    const value = valueAt(record, leaf.keys)
    row[leaf.column] = leaf.list === 'child' ? sizeOf(value) : encodeLeaf(leaf, value)
  }
  return row
}

const sizeOf = (value: unknown): number | null => listOf(value)?.length ?? null

/** Without nulls: a member that is missing is null in a row, and takes no room in json. */
const solid = (row: Members): Members => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))

/** The rows of a list of objects, without their places, as JSON members. */
export function encodeObjects(list: ObjectList, value: unknown, rests: readonly Json[] = []): Members[] | null {
  return (
    objectsOf(value)?.map((each, index) => solid({ ...encodeMembers(list, each), rest: rests[index] ?? null })) ?? null
  )
}

/** What of an image its rows hold. */
export type Content = Pick<Image, 'rest' | 'elementRests' | 'version'> & { readonly record: Rec }

/** The main row of a record as JSON members, for `json_to_recordset`. */
export function encodeRow(entity: Entity, { record, rest, elementRests = {}, version }: Content): Members {
  const row = encodeMembers(entity, record)
  for (const list of entity.lists.values()) {
    const value = valueAt(record, list.keys)
    row[list.column] = list.childTable ? sizeOf(value) : encodeObjects(list, value, elementRests[list.path])
  }
  row['id'] = record.id
  row['rest'] = rest
  row['_cf_epoch'] = version.epoch
  row['_cf_counter'] = version.counter
  return row
}

/** A list in a table of its own. */
export type ChildList = Leaf | ObjectList

/** The rows of a child table for one record's list, each with its parent and place. */
export function encodeChildren(list: ChildList, parent: Id, value: unknown, rests?: readonly Json[]): Members[] {
  const rows = isObjectList(list)
    ? encodeObjects(list, value, rests)
    : listOf(encodeLeaf(list, value))?.map((each) => ({ value: each }))
  return (rows ?? []).map((row, position) => ({ ...row, parent_id: parent, position }))
}
