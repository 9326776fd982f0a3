import type { Entity, Rec } from '../entity/entity.ts'
import { allFields, type FieldSet } from '../entity/field-set.ts'
import type { Json } from '../util/json.ts'
import { type Difference, differences, hidden, inColumn } from './differences.ts'
import { equalJson, equalLists } from './equal-json.ts'

/** What two copies of a record are compared by. */
export interface Content {
  readonly record: Rec
  /** What the mapping does not name; left out where it was not read. */
  readonly rest?: Json
  /** The same of the objects in lists, by path of the list. */
  readonly elementRests?: Readonly<Record<string, readonly Json[]>>
  /** The record as filters and orders have it, where that may be another; see `Image.columns`. */
  readonly columns?: Rec
}

/** What the mapping does not name; of the objects in a list behind the list's path. */
const unmapped = '(unmapped)'

/** Of a path that a difference is told at. */
export const isUnmapped = (path: string): boolean => path.endsWith(unmapped)

/** Nobody has said of such values whether they may be shown. */
const unmappedAt = (path: string): Difference => ({ path, control: hidden, candidate: hidden })

/** Where records that are equal differ in the columns that filters and orders go by. */
function inColumns(fields: FieldSet, control: Content, candidate: Content, found: readonly Difference[]): Difference[] {
  if (!control.columns && !candidate.columns) return []
  const known = new Set(found.map(({ path }) => path))
  const asked = differences(fields, control.columns ?? control.record, candidate.columns ?? candidate.record)
  return asked.flatMap((each) => (known.has(each.path) ? [] : { ...each, only: inColumn }))
}

/**
 * Where two copies of a record differ; empty where they mean the same. Every comparison goes through this one: shadow
 * reads, verify, repair and copies. What somebody has accepted differs all the same: who counts it asks `rules`.
 */
export function contentDifferences(fields: FieldSet, control: Content, candidate: Content): Difference[] {
  const found = differences(fields, control.record, candidate.record)
  found.push(...inColumns(fields, control, candidate, found))
  if (!equalJson(control.rest ?? null, candidate.rest ?? null)) found.push(unmappedAt(unmapped))
  for (const { path } of fields.lists)
    if (!equalLists(control.elementRests?.[path], candidate.elementRests?.[path]))
      found.push(unmappedAt(`${path}.${unmapped}`))
  return found
}

type Copy = Omit<Content, 'record'> & { readonly record: Rec | null }

/** Whether two copies mean the same; a tombstone's record is null. */
export function sameContent(entity: Entity, a: Copy, b: Copy): boolean {
  const { record, ...rest } = a
  const { record: other, ...otherRest } = b
  if (record === null || other === null) return record === other
  return contentDifferences(allFields(entity), { ...rest, record }, { ...otherRest, record: other }).length === 0
}
