import type { FieldKind, FieldRef } from '@pothos/core'
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
}

/** All kinds of fields are made alike, but Pothos types them apart. */
export const objectFields = <Parent, K extends FieldKind>(t: FieldsOf<Parent, K>): FieldBuilder<Parent> =>
  t as unknown as FieldBuilder<Parent>

/** Arguments of a page: forward alone, or backward as well. */
export type Paging = 'forward' | 'both'

export function pageArgs(fields: FieldBuilder<unknown>, paging: Paging) {
  const forward = { first: fields.arg.int(), after: fields.arg.string() }
  return paging === 'forward' ? forward : { ...forward, last: fields.arg.int(), before: fields.arg.string() }
}
