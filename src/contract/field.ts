import type { FieldKind, FieldRef } from '@pothos/core'
import type { Entity } from '../entity/entity.ts'
import type { PageBounds } from '../query/page.ts'
import type { EarlierCursors } from '../resolve/cursor-place.ts'
import type { PageNames } from '../resolve/page-bounds.ts'
import type { FieldBuilder, SchemaTypesOf } from './builder.ts'

/**
 * What Pothos hands to `fields` of an object, a query or a mutation. The kind is inferred and not just any: comparing the
 * builders of two kinds, member by member, made up three quarters of what a type cost the compiler.
 */
export type FieldsOf<Parent, K extends FieldKind> = PothosSchemaTypes.RootFieldBuilder<SchemaTypesOf, Parent, K>

/** A field as Pothos takes it. */
export type Made = FieldRef<SchemaTypesOf>

/** What a field says of itself in the contract. */
export interface Told {
  readonly description?: string
  readonly deprecationReason?: string
  /** Of the schema's field, where plugins look for rules of theirs. */
  readonly extensions?: Readonly<Record<string, unknown>>
}

/** All kinds of fields are made alike, but Pothos types them apart. */
export const objectFields = <Parent, K extends FieldKind>(t: FieldsOf<Parent, K>): FieldBuilder<Parent> =>
  t as unknown as FieldBuilder<Parent>

/** How many records a page has, where that is not 20, and at most 100. */
export type PageSizes = Partial<Pick<PageBounds, 'size' | 'max'>>

/** The same, and whose cursors are taken. */
export interface Paged extends PageSizes {
  /** Reads the cursors that clients have of the API that was here before: they go on working. */
  readonly cursor?: EarlierCursors
}

/** What a field says of its pages, as far as it is given. */
export function pageOf(entity: Entity, given: Partial<PageBounds & Paged> & { readonly args?: PageNames }) {
  const said = Object.fromEntries(Object.entries(given).filter(([, each]) => each !== undefined))
  return { page: { ...said, entity } }
}

/** Arguments of a page: forward alone, or backward as well. */
export type Paging = 'forward' | 'both'

/** @param hides whether a key of the order is sensitive: cursors hold its values. */
export function pageArgs(fields: FieldBuilder<unknown>, paging: Paging, hides: boolean) {
  const size = () => fields.arg.int({ extensions: { sensitive: false } })
  const cursor = () => fields.arg.string({ extensions: { sensitive: hides } })
  const forward = { first: size(), after: cursor() }
  return paging === 'forward' ? forward : { ...forward, last: size(), before: cursor() }
}
