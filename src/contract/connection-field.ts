import type { FieldKind } from '@pothos/core'
import type { Entity } from '../entity/entity.ts'
import type { Direction } from '../query/order.ts'
import { everything } from '../query/where.ts'
import { loadConnection } from '../resolve/load-connection.ts'
import type { InputRef } from './builder.ts'
import { connectionType } from './connection-type.ts'
import type { As } from './entity-type.ts'
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
import type { FilterInput, FilterType } from './filter-type.ts'
import type { OrderInput, OrderNames, OrderType } from './order-type.ts'

/** What a list can be asked, and how it is paged. */
export interface ConnectionOptions<E extends Entity, N extends OrderNames<E>> extends Told, As<E>, PageSizes {
  /** What `filterType` made; without it the list is of all records. */
  readonly filter?: FilterType<E>
  /** What `orderType` made; without it the list is in the order of ids. */
  readonly orderBy?: OrderType<E, N>
  /** The order where the client asks for none, by the names of `orderBy`: `{ YEAR: 'desc', TITLE: 'asc' }`. */
  readonly defaultOrder?: { readonly [K in keyof N]?: Direction }
  /** Default `both`. */
  readonly paging?: Paging
}

interface Args {
  readonly filter?: FilterInput | null
  readonly orderBy?: readonly OrderInput[] | null
}

/** The list of an entity's records, in pages: `movies(filter:, orderBy:, first:, after:, last:, before:)`. */
export function connection<Parent, Kind extends FieldKind, E extends Entity, const N extends OrderNames<E>>(
  t: FieldsOf<Parent, Kind>,
  entity: E,
  { as, filter, orderBy, defaultOrder, paging = 'both', size, max, ...told }: ConnectionOptions<E, N> = {},
): Made {
  const fields = objectFields(t)
  const keys: InputRef<OrderInput> | undefined = orderBy
  const defaultValue = defaultOrder && orderBy?.named(defaultOrder)
  return fields.field({
    ...told,
    type: connectionType(t.builder, entity, { as }),
    nullable: false,
    extensions: pageOf(entity, { size, max }),
    args: {
      ...(filter ? { filter: fields.arg({ type: filter }) } : {}),
      ...(keys ? { orderBy: fields.arg({ type: [keys], ...(defaultValue ? { defaultValue } : {}) }) } : {}),
      ...pageArgs(fields, paging, orderBy?.hides ?? false),
    },
    resolve: (_, { filter: wanted, orderBy: order, ...page }: Args, context, info) =>
      loadConnection(context, info, entity, filter?.parse(wanted) ?? everything, orderBy?.parse(order) ?? [], page),
  })
}
