import { createHash } from 'node:crypto'
import { canonicalValue } from '../entity/canonical-value.ts'
import type { Embed, Entity, Leaf, ObjectList, Rec, Scope } from '../entity/entity.ts'
import { allFields, type FieldSet } from '../entity/field-set.ts'
import { type Members, objectsOf } from '../entity/lists.ts'
import { valueAt } from '../entity/values.ts'
import type { Json } from '../util/json.ts'
import { onceFor } from '../util/once-for.ts'
import { equalJson, sameKeyOrder } from './equal-json.ts'

/** Of a value that PostgreSQL keeps among what is unmapped, too: the record is as it should be, but for what its column has. */
export const inColumn = 'column of PostgreSQL'

/** Two values of one field that do not mean the same. Sensitive values are already hidden. */
export interface Difference {
  readonly path: string
  readonly control: Json
  readonly candidate: Json
  /** Set where the values are equal but for it. */
  readonly only?: 'order of keys' | typeof inColumn
}

export const hidden = '[redacted]'

const none: readonly Difference[] = []

function leafDifference(leaf: Leaf, control: Members, candidate: Members): readonly Difference[] {
  const [one, other] = [valueAt(control, leaf.keys), valueAt(candidate, leaf.keys)]
  if (Object.is(one, other)) return none // most are, and have one canonical form
  const [a, b] = [canonicalValue(leaf, one), canonicalValue(leaf, other)]
  const isEqual = equalJson(a, b)
  if (isEqual && sameKeyOrder(a, b)) return none
  const shown = leaf.sensitive ? { control: hidden, candidate: hidden } : { control: a, candidate: b }
  return [{ path: leaf.path, ...shown, ...(isEqual ? { only: 'order of keys' } : {}) }]
}

function presenceDifference(embed: Embed, control: Members, candidate: Members): readonly Difference[] {
  const keys = embed.path.split('.')
  const a = valueAt(control, keys) !== null
  const b = valueAt(candidate, keys) !== null
  return a === b ? none : [{ path: embed.path, control: a ? '(object)' : null, candidate: b ? '(object)' : null }]
}

type Parts = Pick<FieldSet, 'embeds' | 'leaves' | 'lists'>

const partsOf = onceFor(
  ({ embeds, leaves, lists }: Scope): Parts => ({
    embeds: [...embeds.values()],
    leaves: [...leaves.values()],
    lists: [...lists.values()],
  }),
)

const counted = (list: readonly Members[] | null): Json => (list === null ? null : `(${list.length} objects)`)

/** Lists of another length differ as a whole; else each member tells once, by the first object that it differs in. */
function listDifferences(list: ObjectList, control: Members, candidate: Members): readonly Difference[] {
  const a = objectsOf(valueAt(control, list.keys))
  const b = objectsOf(valueAt(candidate, list.keys))
  if (a?.length !== b?.length) return [{ path: list.path, control: counted(a), candidate: counted(b) }]
  const first = new Map<string, Difference>()
  a?.forEach((element, index) => {
    for (const found of memberDifferences(partsOf(list), element, b![index]!)) {
      const path = `${list.path}.${found.path}`
      if (!first.has(path))
        first.set(path, list.sensitive ? { path, control: hidden, candidate: hidden } : { ...found, path })
    }
  })
  return [...first.values()]
}

function memberDifferences(parts: Parts, control: Members, candidate: Members): Difference[] {
  const found: Difference[] = []
  for (const embed of parts.embeds) found.push(...presenceDifference(embed, control, candidate))
  for (const leaf of parts.leaves) found.push(...leafDifference(leaf, control, candidate))
  for (const list of parts.lists) found.push(...listDifferences(list, control, candidate))
  return found
}

/** Where two records of the same id differ in the fields that were read; empty where they mean the same. */
export function differences(fields: FieldSet, control: Rec, candidate: Rec): Difference[] {
  return memberDifferences(fields, control, candidate)
}

export function sameRecord(entity: Entity, a: Rec | null, b: Rec | null): boolean {
  if (a === null || b === null) return a === b
  return differences(allFields(entity), a, b).length === 0
}

/** What makes two mismatches the same finding: 12 hex digits. */
export function fingerprint(type: string, resolver: string, kind: string, path: string): string {
  return createHash('sha256').update([type, resolver, kind, path].join('\n')).digest('hex').slice(0, 12)
}
