import type { FieldKind } from '@pothos/core'
import type { Entity } from '../entity/entity.ts'
import { leafAt } from '../entity/leaf-at.ts'
import type { KeyPathOf } from '../entity/path.ts'
import type { Narrow } from '../entity/record.ts'
import { checkMerged } from '../query/merged-page.ts'
import type { Direction } from '../query/order.ts'
import { type Among, among } from '../resolve/among.ts'
import { mergedChildrenOf } from '../resolve/load-merged-children.ts'
import { mergedConnectionType, type NodeRef } from './connection-type.ts'
import {
  type FieldsOf,
  type Made,
  objectFields,
  type PageSizes,
  type Paging,
  pageArgs,
  pageOf,
  type Told,
} from './field.ts'
import { keyOf, needsOf, orderBelow } from './related-fields.ts'

/** Which records of several types stand below a parent, in which order, and how they are paged. */
export interface MergedChildrenOptions<E extends Entity> extends Told, PageSizes, Pick<Among, 'unscoped'> {
  /** The interface or union that stands for them. */
  readonly type: NodeRef<Narrow<E>>
  /** The field of all of them that holds the parent's key. */
  readonly by: KeyPathOf<E>
  /** The parent's field that it holds. Default: its id. */
  readonly of?: string
  /** Record paths that all of them have, in order: `{ at: 'desc' }`. Default: by id. */
  readonly order?: Readonly<Record<string, Direction>>
  /** Default `both`. */
  readonly paging?: Paging
}

/**
 * The records of several types whose field `by` is the parent's id, or its field `of`, in one order, in pages; all parents
 * of a level share one statement for each type:
 *
 * ```ts
 * activity: mergedChildren(t, [Comment, Vote], { type: Activity, by: 'postId', order: { at: 'desc' } })
 * ```
 *
 * @throws MISCONFIGURED for a path that one of the types lacks, or has as another kind, BAD_USER_INPUT for one that has no
 * order.
 */
export function mergedChildren<Parent, Kind extends FieldKind, E extends Entity>(
  t: FieldsOf<Parent, Kind>,
  entities: readonly [E, ...E[]],
  { type, by, of = 'id', order = {}, paging = 'both', size, max, unscoped, ...told }: MergedChildrenOptions<E>,
): Made {
  const [first] = entities
  const keys = orderBelow(first, by, order)
  checkMerged(entities, [by, ...Object.keys(order)])
  const types = entities.map((entity) => ({ entity, where: among(entity, { unscoped: unscoped === true }) }))
  const fields = objectFields(t)
  const hides = entities.some((entity) => keys.some(({ path }) => leafAt(entity, path).sensitive))
  return fields.field({
    ...told,
    type: mergedConnectionType(t.builder, type),
    nullable: false,
    extensions: {
      ...told.extensions,
      ...needsOf(of),
      page: { ...pageOf(first, { size, max }).page, entities },
      children: entities.map((entity) => ({ entity, by, order: keys })),
    },
    args: pageArgs(fields, paging, hides),
    resolve: (parent, page, context, info) =>
      mergedChildrenOf<E>(context, info, types, by, keyOf(info, parent, of, first, by), keys, page),
  })
}
