import type { Entity, Leaf, Rec } from '../../../entity/entity.ts'
import { valueAt } from '../../../entity/values.ts'
import type { Json } from '../../../util/json.ts'
import type { Version } from '../../version.ts'
import { postgresKind } from './postgres-kinds.ts'

export function encodeLeaf(leaf: Leaf, value: unknown): unknown {
  if (value === null || value === undefined) return null
  const { encode } = postgresKind(leaf.kind)
  return leaf.list === 'none' ? encode(value) : (value as unknown[]).map(encode)
}

/** The main row of a record as JSON members, for `json_to_recordset`. */
export function encodeRow(entity: Entity, record: Rec, rest: Json, version: Version): Record<string, unknown> {
  const row: Record<string, unknown> = { id: record.id, rest, _cf_epoch: version.epoch, _cf_counter: version.counter }
  for (const embed of entity.embeds.values()) row[embed.column] = valueAt(record, embed.path.split('.')) !== null
  for (const leaf of entity.leaves.values()) {
    const value = valueAt(record, leaf.keys)
    row[leaf.column] = leaf.list === 'child' ? ((value as unknown[] | null)?.length ?? null) : encodeLeaf(leaf, value)
  }
  return row
}

/** The rows of one child table. */
export function encodeChildren(leaf: Leaf, record: Rec): { parent_id: unknown; position: number; value: unknown }[] {
  const values = (encodeLeaf(leaf, valueAt(record, leaf.keys)) ?? []) as unknown[]
  return values.map((value, position) => ({ parent_id: record.id, position, value }))
}
