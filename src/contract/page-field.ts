import type { FieldKind } from '@pothos/core'
import type { Entity } from '../entity/entity.ts'
import type { Narrow } from '../entity/record.ts'
import type { OffsetArgs } from '../query/offset-page.ts'
import type { PageBounds } from '../query/page.ts'
import { everything } from '../query/where.ts'
import { loadPage } from '../resolve/load-page.ts'
import type { OffsetPage } from '../resolve/offset-page.ts'
import type { InputRef, Ref } from './builder.ts'
import { type As, entityTypeOf } from './entity-type.ts'
import { type FieldsOf, type Made, objectFields, pageOf, type Told } from './field.ts'
import type { FilterInput, FilterType } from './filter-type.ts'
import type { OrderInput, OrderNames, OrderType } from './order-type.ts'

/** Arguments of a page, by the contract's names: a limit, and an offset or a page's number, which counts from 1. */
export type PageNames =
  | { readonly limit: string; readonly offset: string }
  | { readonly limit: string; readonly page: string }

/** What a list can be asked, and how it is paged. */
export interface PageOptions<E extends Entity, N extends OrderNames<E>> extends Told, As<E>, Partial<PageBounds> {
  /** What `pageType` made; without it the field is a plain list. */
  readonly type?: Ref<OffsetPage<Narrow<E>>>
  /** Default `{ limit: 'limit', offset: 'offset' }`. */
  readonly args?: PageNames
  /** What `filterType` made; without it the list is of all records. */
  readonly filter?: FilterType<E>
  /** What `orderType` made; without it the list is in the order of ids. */
  readonly orderBy?: OrderType<E, N>
  /** The order where the client asks for none, by the names of `orderBy`. */
  readonly defaultOrder?: { readonly [K in keyof N]?: 'asc' | 'desc' }
}

interface Args extends Readonly<Record<string, unknown>> {
  readonly filter?: FilterInput | null
  readonly orderBy?: readonly OrderInput[] | null
}

/**
 * The list of an entity's records, in pages by offset or number: `movies(filter:, orderBy:, limit:, offset:)`. Pages have
 * 20 records where no limit is given (`size`) and 100 at most (`max`), and stand behind 10,000 others at most
 * (`maxOffset`): a store reads all that is left out.
 */
export function page<Parent, Kind extends FieldKind, E extends Entity, const N extends OrderNames<E>>(
  t: FieldsOf<Parent, Kind>,
  entity: E,
  options: PageOptions<E, N> = {},
): Made {
  const { type, as, args = { limit: 'limit', offset: 'offset' }, filter, orderBy, defaultOrder, ...more } = options
  const { size, max, maxOffset, ...told } = more
  const fields = objectFields(t)
  const names = { offset: 'offset', page: 'page', ...args }
  const keys: InputRef<OrderInput> | undefined = orderBy
  const defaultValue = defaultOrder && orderBy?.named(defaultOrder)
  const shared = {
    ...told,
    nullable: false as const,
    extensions: pageOf(entity, { size, max, maxOffset }),
    args: {
      ...(filter ? { filter: fields.arg({ type: filter }) } : {}),
      ...(keys ? { orderBy: fields.arg({ type: [keys], ...(defaultValue ? { defaultValue } : {}) }) } : {}),
      ...Object.fromEntries(
        Object.values(args).map((name) => [name, fields.arg.int({ extensions: { sensitive: false } })]),
      ),
    },
  }
  const given = (name: string, from: Args): number | null => (from[name] as number | null | undefined) ?? null
  const load = (from: Args, context: Parameters<typeof loadPage>[0], info: Parameters<typeof loadPage>[1]) => {
    const asked: OffsetArgs = {
      limit: given(names.limit, from),
      ...('page' in args ? { page: given(names.page, from) } : { offset: given(names.offset, from) }),
    }
    const where = filter?.parse(from.filter) ?? everything
    return loadPage(context, info, entity, where, orderBy?.parse(from.orderBy) ?? [], asked, { names })
  }
  if (type)
    return fields.field({ ...shared, type, resolve: (_, from: Args, context, info) => load(from, context, info) })
  return fields.field({
    ...shared,
    type: [entityTypeOf(t.builder, entity, as)],
    resolve: async (_, from: Args, context, info) => (await load(from, context, info)).items() as never,
  })
}
