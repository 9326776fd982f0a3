import type { FieldKind } from '@pothos/core'
import type { Entity } from '../entity/entity.ts'
import { leafAt } from '../entity/leaf-at.ts'
import { membersOf } from '../entity/lists.ts'
import type { EqualKind, ScalarPathIn } from '../entity/path.ts'
import type { FieldsIn, Narrow } from '../entity/record.ts'
import { leafValue } from '../entity/values.ts'
import type { Among } from '../resolve/among.ts'
import { loadParsed } from '../resolve/load.ts'
import { typed } from '../resolve/record-type.ts'
import type { NodeRef } from './connection-type.ts'
import { type FieldsOf, type Made, objectFields, type Told } from './field.ts'
import { keyOf, ownEntity } from './related-fields.ts'

/** Which fields of the parent say what is referred to, `{ type, id }`. */
export interface TypedReferenceOptions<Parent, E extends Entity> extends Told, Pick<Among, 'unscoped'> {
  /** The interface or union that stands for the types. */
  readonly type: NodeRef<Narrow<E>>
  /** The parent's field that says of which type the record is. */
  readonly kind: ScalarPathIn<FieldsIn<Parent>, 'text' | 'enum'>
  /** The parent's field that holds its id. */
  readonly of: ScalarPathIn<FieldsIn<Parent>, EqualKind>
  /** The types, by what `kind` holds: `{ club: Club, person: Person }`. */
  readonly among: Readonly<Record<string, E>>
}

interface AnyOptions extends Told, Pick<Among, 'unscoped'> {
  readonly type: NodeRef<object>
  readonly kind: string
  readonly of: string
  readonly among: Readonly<Record<string, Entity>>
}

/**
 * The record of one of several types that the parent refers to; all parents of a level share one batch for each type:
 *
 * ```ts
 * about: typedReference(t, { type: Subject, kind: 'about.type', of: 'about.id', among: { club: Club, person: Person } })
 * ```
 *
 * Null where the kind is null or none of those that are named, and where the id leads nowhere.
 */
export function typedReference<Parent, Kind extends FieldKind, E extends Entity>(
  t: FieldsOf<Parent, Kind>,
  options: TypedReferenceOptions<Parent, E>,
): Made
export function typedReference(
  t: FieldsOf<unknown, FieldKind>,
  { type, kind, of, among, unscoped, ...told }: AnyOptions,
): Made {
  const types = new Map(Object.entries(among))
  const shown = { unscoped: unscoped === true }
  return objectFields(t).field({
    ...told,
    type,
    extensions: { ...told.extensions, needs: [kind, of], refersTo: [...types.values()] },
    async resolve(parent, _, context, info) {
      const entity = types.get(String(leafValue(membersOf(parent), leafAt(ownEntity(info), kind))))
      if (!entity) return null
      return typed(entity, await loadParsed(context, info, entity, 'id', keyOf(info, parent, of, entity, 'id'), shown))
    },
  })
}
