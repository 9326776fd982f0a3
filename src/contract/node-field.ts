import type { FieldKind } from '@pothos/core'
import type { Entity } from '../entity/entity.ts'
import type { Narrow } from '../entity/record.ts'
import { type GlobalIds, loadNode } from '../resolve/global-ids.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { NodeRef } from './connection-type.ts'
import { type FieldsOf, type Made, objectFields, type Told } from './field.ts'

/** What a field of records of several types by their global ids is made with. */
export interface NodeOptions<E extends Entity> extends Told {
  /** The interface of the types: `interfaceType(builder, 'Node', [Book, Author])`. */
  readonly type: NodeRef<Narrow<E>>
}

/** The record of a global id, of whichever type: `node(id: ID!)`. Null where there is none. */
export function node<Parent, Kind extends FieldKind, E extends Entity>(
  t: FieldsOf<Parent, Kind>,
  ids: GlobalIds<E>,
  { type, ...told }: NodeOptions<E>,
): Made {
  const fields = objectFields(t)
  return fields.field({
    ...told,
    type,
    args: { id: fields.arg.id({ required: true, extensions: { sensitive: false } }) },
    resolve: (_, { id }, context, info) => loadNode(context, info, ids, String(id)) as never,
  })
}

/** How many records `nodes` takes at a time. */
const most = 100

/** The same of several ids, in their order: `nodes(ids: [ID!]!)`; null in the place of each that has no record. */
export function nodes<Parent, Kind extends FieldKind, E extends Entity>(
  t: FieldsOf<Parent, Kind>,
  ids: GlobalIds<E>,
  { type, ...told }: NodeOptions<E>,
): Made {
  const fields = objectFields(t)
  return fields.field({
    ...told,
    type: [type],
    nullable: { list: false, items: true },
    args: { ids: fields.arg.idList({ required: true, extensions: { sensitive: false } }) },
    resolve: (_, { ids: given }, context, info) => {
      if (given.length > most) throw new CrossfadeError('BAD_USER_INPUT', `ids: at most ${most} are taken at a time.`)
      return given.map((id) => loadNode(context, info, ids, String(id))) as never
    },
  })
}
