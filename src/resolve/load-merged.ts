import type { GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { type FieldSet, fieldSet } from '../entity/field-set.ts'
import { asRecord, type Narrow } from '../entity/record.ts'
import { type ListedType, type MergedPlan, merged, mergedCursor, planMerged } from '../query/merged-page.ts'
import type { OffsetArgs } from '../query/offset-page.ts'
import type { OrderKey } from '../query/order.ts'
import { cutPage, type PageArgs, type PagePlan } from '../query/page.ts'
import type { RequestReads } from '../routing/reads.ts'
import type { Item } from '../stores/store.ts'
import { type Asking, among } from './among.ts'
import { type Connection, connectionOf, type Found, unread } from './connection.ts'
import { type GatewayContext, resolverName, sessionOf } from './context.ts'
import { boundsHere } from './page-bounds.ts'
import { countsHere, pageFieldsHere } from './page-fields.ts'
import { type RootPage, readCount, readPage } from './read-page.ts'
import { beside } from './read-root.ts'
import { typed } from './record-type.ts'
import { oncePerField } from './selection.ts'

/** A type of the list; by itself all of its records. */
export type ListedOf<E extends Entity> = E | ({ readonly entity: E } & Asking<E>)

/** What the resolver reads of each record besides what is selected, as for fields of the edges; all types have it. */
export interface MergedLoadOptions {
  readonly reading?: readonly string[]
}

/** The entity of such a type. */
export type EntityOf<L> = L extends Entity ? L : L extends { readonly entity: infer E extends Entity } ? E : never

/** Holds each condition to the fields of its own entity. */
export type Fitting<T extends readonly unknown[]> = { readonly [I in keyof T]: ListedOf<EntityOf<T[I]>> }

export const listed = (type: ListedOf<Entity>): ListedType => {
  const { entity, ...shown } = 'entity' in type ? type : { entity: type }
  return { entity, where: among(entity, shown) }
}

/** A page of each type, as it is asked for. */
export function pagesOf(
  types: readonly ListedType[],
  { plans }: MergedPlan,
  args: PageArgs | OffsetArgs,
  resolver: string,
): readonly RootPage[] {
  const kin = types.map(({ entity }) => entity)
  return kin.map((entity, type) => ({ entity, plan: plans[type]!, args, resolver, kin }))
}

/** How many records there are of all types. */
export async function countOf(reads: RequestReads, pages: readonly RootPage[]): Promise<number> {
  const counts = await Promise.all(pages.map((page) => readCount(reads, page)))
  return counts.reduce((sum, count) => sum + count, 0)
}

/** What is read of a type: what is selected, and what it is put in order by. Null where no part of a page is selected. */
export function mergedFields(
  info: GraphQLResolveInfo,
  entity: Entity,
  order: readonly OrderKey[],
  options: MergedLoadOptions,
): FieldSet | null {
  const keys = order.map(({ path }) => path).filter((path) => path !== 'id')
  return oncePerField(info, `${entity.name} merged ${keys.join()} ${options.reading?.join() ?? ''}`, () => {
    const selected = pageFieldsHere(info, entity, order, options)
    return selected && fieldSet(entity, [...selected.paths, ...keys])
  })
}

/** What was found of each type, as one connection. @param page how it is shown. */
export function connectionOfTypes<E extends Entity>(
  types: readonly ListedType[],
  page: PagePlan,
  found: readonly Found[],
  totalCount: () => Promise<number>,
): Connection<Narrow<E>> {
  const isRead = (each: Found): each is readonly Item[] => typeof each !== 'function'
  const cut = found.every(isRead) ? cutPage(page, merged(types, { page }, found)) : null
  return connectionOf(
    () => {
      if (cut) return cut
      throw found.find((each) => typeof each === 'function')!()
    },
    {
      nodeOf: ({ type, item: { record } }) => {
        const { entity } = types[type]!
        return typed(entity, asRecord<Entity, Narrow<E>>(entity, record)) // one of those that were given
      },
      cursorOf: (record) => mergedCursor(types, page.shownOrder, record),
    },
    totalCount,
  )
}

/**
 * A root list of records of several types in one order, as a Relay connection of an interface or a union: each type is
 * read from the store that its own flag decides, as many records as the page has, and the page is made of all. The types
 * may be in one collection or in several, and in different stages.
 *
 * @param order by these keys, which all types have, then by id.
 * @param args the page, see `loadConnection`.
 * @throws MISCONFIGURED for a key that is of another kind in one of the types, or for ids that are.
 * @throws BAD_USER_INPUT for sizes, cursors and values that do not fit.
 */
export async function loadMerged<const T extends readonly ListedOf<Entity>[]>(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  types: T & Fitting<T>,
  order: readonly OrderKey[],
  args: PageArgs,
  options: MergedLoadOptions = {},
): Promise<Connection<Narrow<EntityOf<T[number]>>>> {
  const all = types.map((type) => listed(type))
  const plan = planMerged(all, order, args, boundsHere(info))
  const { shownOrder } = plan.page
  const { reads } = sessionOf(context, info)
  const pages = pagesOf(all, plan, args, resolverName(info))
  const totalCount = beside(countsHere(info, {}), () => countOf(reads, pages))
  const found = pages.map((page): Found | Promise<Found> => {
    const { entity } = page
    const fields = mergedFields(info, entity, shownOrder, options)
    return fields ? readPage(reads, page, fields) : () => unread(info, entity)
  })
  return connectionOfTypes<EntityOf<T[number]>>(all, plan.page, await Promise.all(found), totalCount)
}
