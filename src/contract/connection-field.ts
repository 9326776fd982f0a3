import type { FieldKind } from '@pothos/core'
import type { Entity } from '../entity/entity.ts'
import type { PageArgs } from '../query/page.ts'
import { loadConnection } from '../resolve/load-connection.ts'
import { connectionType } from './connection-type.ts'
import type { As } from './entity-type.ts'
import {
  type FieldsOf,
  type Made,
  objectFields,
  type Paged,
  type Paging,
  pageArgs,
  pageOf,
  type Told,
} from './field.ts'
import { type ListArgs, type Listed, listArgs } from './list-args.ts'
import type { OrderNames } from './order-type.ts'
import { type Shown, shownTo } from './shown.ts'

/** What a list can be asked, and how it is paged. */
export interface ConnectionOptions<E extends Entity, N extends OrderNames<E>>
  extends Told,
    As<E>,
    Paged,
    Shown<E>,
    Listed<E, N> {
  /** Default `both`. */
  readonly paging?: Paging
}

/** The list of an entity's records, in pages: `movies(filter:, orderBy:, first:, after:, last:, before:)`. */
export function connection<Parent, Kind extends FieldKind, E extends Entity, const N extends OrderNames<E>>(
  t: FieldsOf<Parent, Kind>,
  entity: E,
  options: ConnectionOptions<E, N> = {},
): Made {
  const { as, filter, orderBy, defaultOrder, paging = 'both', size, max, cursor, where, unscoped, ...told } = options
  const shown = shownTo({ where, unscoped })
  const fields = objectFields(t)
  const { args, whereOf, orderOf } = listArgs(fields, options)
  return fields.field({
    ...told,
    type: connectionType(t.builder, entity, { as }),
    nullable: false,
    extensions: { ...told.extensions, ...pageOf(entity, { size, max, cursor }) },
    args: { ...args, ...pageArgs(fields, paging, orderBy?.hides ?? false) },
    resolve: (_, given: ListArgs & PageArgs, context, info) =>
      loadConnection(context, info, entity, whereOf(given), orderOf(given), given, shown(context)),
  })
}
