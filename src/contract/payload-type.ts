import type { Entity } from '../entity/entity.ts'
import type { Narrow } from '../entity/record.ts'
import type { Builder, Ref } from './builder.ts'
import { type As, entityTypeOf } from './entity-type.ts'

/**
 * What a mutation answers with: `MoviePayload`, unless `name` says otherwise, an object with the record that was written,
 * null where there is no such record, under the name `key`.
 *
 * @throws MISCONFIGURED where `entityType` has not made the entity's object type.
 */
export function payloadType<E extends Entity, const K extends string>(
  builder: Builder,
  entity: E,
  key: K,
  { as, name }: As<E> & { readonly name?: string } = {},
): Ref<{ readonly [_ in K]: Narrow<E> | null }> {
  const shown = entityTypeOf(builder, entity, as)
  const ref = builder.objectRef<{ readonly [_ in K]: Narrow<E> | null }>(name ?? `${shown.name}Payload`)
  builder.objectType(ref, {
    fields: (t) => ({
      // Pothos cannot work out the result's type of a generic entity
      [key]: t.field({ type: shown, resolve: (payload) => payload[key] as never }),
    }),
  })
  return ref
}
