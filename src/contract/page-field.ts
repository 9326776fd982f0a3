import type { FieldKind, InputFieldMap } from '@pothos/core'
import type { GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import type { Narrow } from '../entity/record.ts'
import type { OffsetArgs } from '../query/offset-page.ts'
import type { PageBounds } from '../query/page.ts'
import type { GatewayContext } from '../resolve/context.ts'
import { loadPage } from '../resolve/load-page.ts'
import type { OffsetPage } from '../resolve/offset-page.ts'
import type { PageNames } from '../resolve/page-bounds.ts'
import type { FieldBuilder, Ref } from './builder.ts'
import type { NodeRef } from './connection-type.ts'
import { type As, entityTypeOf } from './entity-type.ts'
import { type FieldsOf, type Made, objectFields, pageOf, type Told } from './field.ts'
import { type ListArgs, type Listed, listArgs } from './list-args.ts'
import type { OrderNames } from './order-type.ts'
import { type Shown, shownTo } from './shown.ts'

/** What a list can be asked, and how it is paged. */
export interface PageOptions<E extends Entity, N extends OrderNames<E>>
  extends Told,
    As<E>,
    Partial<PageBounds>,
    Shown<E>,
    Listed<E, N> {
  /** What `pageType` made; without it the field is a plain list. */
  readonly type?: Ref<OffsetPage<Narrow<E>>>
  /** Default `{ limit: 'limit', offset: 'offset' }`. */
  readonly args?: PageNames
}

/** Beside filter and order whole numbers, by the contract's names. */
export type Given = ListArgs & Readonly<Record<string, unknown>>

/** The numbers of a page as arguments, and what they are by our names. */
export function pageNumbers(fields: FieldBuilder<unknown>, own: PageNames = { limit: 'limit', offset: 'offset' }) {
  const number = () => fields.arg.int({ extensions: { sensitive: false } })
  return {
    named: own,
    names: { offset: 'offset', page: 'page', ...own },
    args: Object.fromEntries(Object.values(own).map((name) => [name, number()])),
    numbersOf: (given: Readonly<Record<string, unknown>>): OffsetArgs =>
      Object.fromEntries(Object.entries(own).map(([name, as]) => [name, given[as]])),
  }
}

/** How a page is read, and what its records are shown as where it is a plain list. */
interface PageReading<R> {
  readonly node: () => NodeRef<R>
  readonly load: (
    parent: unknown,
    given: Given,
    context: GatewayContext,
    info: GraphQLResolveInfo,
  ) => Promise<OffsetPage<R>>
}

/** The field of a page by offset: an object of its type, or without one the plain list of its records. */
export function pagedField<R>(
  fields: FieldBuilder<unknown>,
  shared: Told & { readonly nullable: false; readonly args: InputFieldMap },
  type: Ref<OffsetPage<R>> | undefined,
  { node, load }: PageReading<R>,
): Made {
  if (type) return fields.field({ ...shared, type, resolve: load })
  return fields.field({
    ...shared,
    type: [node()],
    resolve: async (...asked) => (await load(...asked)).items() as never,
  })
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
  const { type, as, args: own, filter, orderBy, defaultOrder, ...more } = options
  const { size, max, maxOffset, where, unscoped, ...told } = more
  const shown = shownTo({ where, unscoped })
  const fields = objectFields(t)
  const { args, whereOf, orderOf } = listArgs(fields, options)
  const { named, names, args: numbers, numbersOf } = pageNumbers(fields, own)
  const shared = {
    ...told,
    nullable: false as const,
    extensions: { ...told.extensions, ...pageOf(entity, { size, max, maxOffset, args: named }) },
    args: { ...args, ...numbers },
  }
  return pagedField(fields, shared, type, {
    node: () => entityTypeOf(t.builder, entity, as),
    load: (_, given, context, info) =>
      loadPage(context, info, entity, whereOf(given), orderOf(given), numbersOf(given), { names, ...shown(context) }),
  })
}
