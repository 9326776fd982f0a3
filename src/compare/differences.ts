import { createHash } from 'node:crypto'
import type { Embed, Entity, Leaf, Rec } from '../entity/entity.ts'
import { allFields, type FieldSet } from '../entity/field-set.ts'
import { valueAt } from '../entity/values.ts'
import type { Json } from '../util/json.ts'
import { canonicalAt } from './canonical.ts'
import { equalJson } from './equal-json.ts'

/** Two values of one field that do not mean the same. Sensitive values are already hidden. */
export interface Difference {
  readonly path: string
  readonly control: Json
  readonly candidate: Json
}

export const hidden = '[redacted]'

function leafDifference(leaf: Leaf, control: Rec, candidate: Rec): Difference[] {
  const a = canonicalAt(control, leaf)
  const b = canonicalAt(candidate, leaf)
  if (equalJson(a, b)) return []
  return [{ path: leaf.path, control: leaf.sensitive ? hidden : a, candidate: leaf.sensitive ? hidden : b }]
}

function presenceDifference(embed: Embed, control: Rec, candidate: Rec): Difference[] {
  const keys = embed.path.split('.')
  const a = valueAt(control, keys) !== null
  const b = valueAt(candidate, keys) !== null
  return a === b ? [] : [{ path: embed.path, control: a ? '(object)' : null, candidate: b ? '(object)' : null }]
}

/** Where two records of the same id differ in the fields that were read; empty where they mean the same. */
export function differences(fields: FieldSet, control: Rec, candidate: Rec): Difference[] {
  return [
    ...fields.embeds.flatMap((embed) => presenceDifference(embed, control, candidate)),
    ...fields.leaves.flatMap((leaf) => leafDifference(leaf, control, candidate)),
  ]
}

export function sameRecord(entity: Entity, a: Rec | null, b: Rec | null): boolean {
  if (a === null || b === null) return a === b
  return differences(allFields(entity), a, b).length === 0
}

/** What makes two mismatches the same finding: 12 hex digits. */
export function fingerprint(type: string, resolver: string, kind: string, path: string): string {
  return createHash('sha256').update([type, resolver, kind, path].join('\n')).digest('hex').slice(0, 12)
}
