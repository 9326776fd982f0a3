import type { FieldKind } from '@pothos/core'
import type { Entity } from '../entity/entity.ts'
import { leafAt } from '../entity/leaf-at.ts'
import type { KeyPathOf } from '../entity/path.ts'
import type { GlobalIds } from '../resolve/global-ids.ts'
import { loadBy } from '../resolve/load.ts'
import { type As, entityTypeOf } from './entity-type.ts'
import { type FieldsOf, type Made, objectFields, type Told } from './field.ts'
import { leafType } from './leaf-type.ts'
import { type Shown, shownTo } from './shown.ts'

/** How one record is asked for. */
export interface RecordOptions<E extends Entity> extends As<E>, Shown<E>, Told {
  /** Default: the id. */
  readonly by?: KeyPathOf<E>
  /** The argument is one of these, where it is the id. Default: as it is stored. */
  readonly globalIds?: GlobalIds<E>
}

/** One record by its id, `movie(id: ID!)`, or by another field: `userByEmail(email: String!)`. Null where there is none. */
export function record<Parent, Kind extends FieldKind, E extends Entity>(
  t: FieldsOf<Parent, Kind>,
  entity: E,
  { as, by = 'id', globalIds, where, unscoped, ...told }: RecordOptions<E> = {},
): Made {
  const shown = shownTo({ where, unscoped })
  const fields = objectFields(t)
  const leaf = leafAt(entity, by)
  const name = leaf.keys.at(-1)!
  return fields.field({
    ...told,
    type: entityTypeOf(t.builder, entity, as),
    args: {
      [name]: fields.arg({
        type: leafType(t.builder, leaf),
        required: true,
        extensions: { sensitive: leaf.sensitive },
      }),
    },
    resolve: (_, args, context, info) => {
      const given = (args as Readonly<Record<string, never>>)[name]! // of the type that the argument is declared with
      const value = globalIds && by === 'id' ? (globalIds.idOf(entity, given) as never) : given
      return loadBy(context, info, entity, by, value, shown(context))
    },
  })
}
