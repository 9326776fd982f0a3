import type { Entity } from '../entity/entity.ts'
import type { Narrow } from '../entity/record.ts'
import type { Builder, Ref } from './builder.ts'
import { entityTypeOf } from './entity-type.ts'

/**
 * What a mutation answers with: `MoviePayload`, an object with the record that was written, null where there is no such
 * record, under the name `key`.
 */
export function payloadType<E extends Entity, const K extends string>(
  builder: Builder,
  entity: E,
  key: K,
): Ref<{ readonly [_ in K]: Narrow<E> | null }> {
  const ref = builder.objectRef<{ readonly [_ in K]: Narrow<E> | null }>(`${entity.name}Payload`)
  builder.objectType(ref, {
    fields: (t) => ({
      // Pothos cannot work out the result's type of a generic entity
      [key]: t.field({ type: entityTypeOf(builder, entity), resolve: (payload) => payload[key] as never }),
    }),
  })
  return ref
}
