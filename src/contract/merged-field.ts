import type { FieldKind } from '@pothos/core'
import type { Entity } from '../entity/entity.ts'
import type { Narrow } from '../entity/record.ts'
import { checkMerged } from '../query/merged-page.ts'
import { ownValues } from '../query/own-values.ts'
import type { PageArgs } from '../query/page.ts'
import type { Where, WhereOf } from '../query/where.ts'
import type { Among } from '../resolve/among.ts'
import { loadMerged } from '../resolve/load-merged.ts'
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
import { type ListArgs, type Listed, listArgs } from './list-args.ts'
import type { OrderNames } from './order-type.ts'

/** Which types a list is of, what it can be asked, and how it is paged. */
export interface MergedOptions<E extends Entity, O extends Entity, N extends OrderNames<O>>
  extends Told,
    PageSizes,
    Pick<Among, 'unscoped'>,
    Listed<O, N> {
  /** The interface or union that stands for them. */
  readonly type: NodeRef<Narrow<E>>
  /** Default `both`. */
  readonly paging?: Paging
}

/** The types of a list with what a client asks of them. @param asked of paths that all types have. */
export function listedTypes<E extends Entity>(entities: readonly E[], asked: Where, unscoped?: boolean) {
  const where = asked as WhereOf<E['fields']>
  return entities.map((entity) => ({ entity, filter: ownValues(entity, where) as typeof where, unscoped }))
}

/**
 * The list of the records of several types in one order, in pages. Filter and order are made for one of the types, by fields
 * that all of them have:
 *
 * ```ts
 * contents: mergedConnection(t, [Article, Advert], {
 *   type: Content,
 *   orderBy: orderType(builder, Article, { TITLE: 'title' }, { name: 'ContentOrder' }),
 * })
 * ```
 *
 * @throws MISCONFIGURED for a field of filter or order that one of the types lacks, or has as another kind.
 */
export function mergedConnection<
  Parent,
  Kind extends FieldKind,
  E extends Entity,
  O extends Entity,
  const N extends OrderNames<O>,
>(t: FieldsOf<Parent, Kind>, entities: readonly E[], options: MergedOptions<E, O, N>): Made {
  const { type, filter, orderBy, defaultOrder, paging = 'both', size, max, unscoped, ...told } = options
  checkMerged(entities, [...(filter?.paths ?? []), ...(orderBy?.paths ?? [])])
  const fields = objectFields(t)
  const { args, whereOf, orderOf } = listArgs(fields, options)
  return fields.field({
    ...told,
    type: mergedConnectionType(t.builder, type),
    nullable: false,
    extensions: { ...told.extensions, page: { ...pageOf(entities[0]!, { size, max }).page, entities } },
    args: { ...args, ...pageArgs(fields, paging, orderBy?.hides ?? false) },
    resolve: (_, given: ListArgs & PageArgs, context, info) =>
      loadMerged(context, info, listedTypes(entities, whereOf(given), unscoped), orderOf(given), given),
  })
}
