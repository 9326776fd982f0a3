import type { Entity } from '../entity/entity.ts'
import { leafAt } from '../entity/leaf-at.ts'
import type { OrderPathOf } from '../entity/path.ts'
import { type Direction, type OrderKey, totalOrder } from '../query/order.ts'
import { didYouMean } from '../util/did-you-mean.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Builder, InputRef } from './builder.ts'
import { orderDirection } from './filter-inputs.ts'

/** The contract's names of an order, and the record paths they mean. */
export type OrderNames<E extends Entity> = Readonly<Record<string, OrderPathOf<E>>>

/** One key of an order as a client gives it: the record path has taken the place of its name. */
export interface OrderInput {
  readonly field: string
  readonly direction: Direction
}

/** An input type that says in which order records are wanted. */
export type OrderType<E extends Entity, N extends OrderNames<E> = OrderNames<E>> = InputRef<OrderInput> & {
  /** The record paths that it may order by. */
  readonly paths: readonly string[]
  /** Whether a field that it may order by is sensitive. */
  readonly hides: boolean
  /** What a client would give to ask for an order by the contract's names. */
  named(order: { readonly [K in keyof N]?: Direction }): OrderInput[]
  /** The order that a list of inputs asks for. */
  parse(orderBy: readonly OrderInput[] | null | undefined): OrderKey<OrderPathOf<E>>[]
}

/**
 * The order of an entity, by naming the paths that clients may order by:
 * `orderType(builder, Movie, { TITLE: 'title', RATING: 'imdb.rating' })`. Makes an enumeration of the names and an
 * input of a name and a direction.
 *
 * @param options.name default: the entity's name with `Order`; the enumeration is named so with `Field`.
 * @throws MISCONFIGURED for a path that the entity does not have, BAD_USER_INPUT for one that has no order.
 */
export function orderType<E extends Entity, const N extends OrderNames<E>>(
  builder: Builder,
  entity: E,
  names: N,
  { name = `${entity.name}Order` }: { readonly name?: string } = {},
): OrderType<E, N> {
  totalOrder(
    entity,
    Object.values(names).map((path) => ({ path, direction: 'asc' })),
  )
  const field = builder.enumType(`${name}Field`, {
    values: Object.fromEntries(Object.entries<string>(names).map(([key, path]) => [key, { value: path }])),
  })
  const ref = builder.inputType(name, {
    fields: (t) => ({
      field: t.field({ type: field, required: true }),
      direction: t.field({ type: orderDirection(builder), required: true, defaultValue: 'asc' }),
    }),
  })
  // Both enumerations have the values that are given above, and no others, which Pothos' types have forgotten
  return Object.assign(ref as InputRef<OrderInput>, {
    paths: Object.values<string>(names),
    hides: Object.values(names).some((path) => leafAt(entity, path).sensitive),
    named: (order: { readonly [K in keyof N]?: Direction }) =>
      Object.entries(order).map(([key, direction]) => {
        if (!Object.hasOwn(names, key)) {
          const hint = didYouMean(key, Object.keys(names))
          throw new CrossfadeError('MISCONFIGURED', `${name} has no order "${key}".${hint}`)
        }
        if (direction !== 'asc' && direction !== 'desc')
          throw new CrossfadeError('MISCONFIGURED', `${name}.${key} must be 'asc' or 'desc', got ${direction}.`)
        return { field: names[key]!, direction: direction as Direction }
      }),
    parse: (orderBy: readonly OrderInput[] | null | undefined) =>
      (orderBy ?? []).map(({ field, direction }) => ({ path: field as OrderPathOf<E>, direction })),
  })
}
