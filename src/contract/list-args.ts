import type { Entity } from '../entity/entity.ts'
import type { Direction } from '../query/order.ts'
import { everything } from '../query/where.ts'
import type { FieldBuilder, InputRef } from './builder.ts'
import type { FilterInput, FilterType } from './filter-type.ts'
import type { OrderInput, OrderNames, OrderType } from './order-type.ts'

/** What a list can be asked, however it is paged. */
export interface Listed<E extends Entity, N extends OrderNames<E>> {
  /** What `filterType` made; without it the list is of all records. */
  readonly filter?: FilterType<E>
  /** What `orderType` made; without it the list is in the order of ids. */
  readonly orderBy?: OrderType<E, N>
  /** The order where the client asks for none, by the names of `orderBy`: `{ YEAR: 'desc', TITLE: 'asc' }`. */
  readonly defaultOrder?: { readonly [K in keyof N]?: Direction }
}

/** As a client gives it. */
export interface ListArgs {
  readonly filter?: FilterInput | null
  readonly orderBy?: readonly OrderInput[] | null
}

/** The arguments of a list, and what they mean. */
export function listArgs<E extends Entity, N extends OrderNames<E>>(
  fields: FieldBuilder<unknown>,
  { filter, orderBy, defaultOrder }: Listed<E, N>,
) {
  const keys: InputRef<OrderInput> | undefined = orderBy
  const defaultValue = defaultOrder && orderBy?.named(defaultOrder)
  return {
    args: {
      ...(filter ? { filter: fields.arg({ type: filter }) } : {}),
      ...(keys ? { orderBy: fields.arg({ type: [keys], ...(defaultValue ? { defaultValue } : {}) }) } : {}),
    },
    whereOf: (given: ListArgs) => filter?.parse(given.filter) ?? everything,
    orderOf: (given: ListArgs) => orderBy?.parse(given.orderBy) ?? [],
  }
}
