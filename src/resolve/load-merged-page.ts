import type { GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { fieldSet } from '../entity/field-set.ts'
import { asRecord, type Narrow } from '../entity/record.ts'
import { type Listed, type ListedType, type MergedPlan, merged, planMergedOffset } from '../query/merged-page.ts'
import type { OffsetArgs } from '../query/offset-page.ts'
import type { OrderKey } from '../query/order.ts'
import { cutPage, type Page } from '../query/page.ts'
import type { RequestReads } from '../routing/reads.ts'
import type { Item } from '../stores/store.ts'
import { unread } from './connection.ts'
import { type GatewayContext, resolverName, sessionOf } from './context.ts'
import {
  countOf,
  type EntityOf,
  type Fitting,
  type ListedOf,
  listed,
  type MergedLoadOptions,
  pagesOf,
} from './load-merged.ts'
import type { LoadPageOptions } from './load-page.ts'
import { type OffsetPage, offsetPageOf } from './offset-page.ts'
import { boundsHere } from './page-bounds.ts'
import { offsetFieldsHere } from './page-fields.ts'
import { type RootPage, readPage } from './read-page.ts'
import { beside } from './read-root.ts'
import { typed } from './record-type.ts'

/** The page's records by what they are ordered by alone: most of what is read stands before it. */
async function placesOf(
  reads: RequestReads,
  types: readonly ListedType[],
  plan: MergedPlan,
  pages: readonly RootPage[],
): Promise<Page<Listed<Item>>> {
  const keys = plan.page.order.map(({ path }) => path).filter((path) => path !== 'id')
  const found = await Promise.all(pages.map((page) => readPage(reads, page, fieldSet(page.entity, keys))))
  return cutPage(plan.page, merged(types, plan, found).slice(plan.page.offset))
}

/**
 * A root list of records of several types in one order, in pages by offset or number. Each type is read from the store
 * that its own flag decides, by two statements: the keys of the order as far as the page, and the records of the page.
 *
 * @param order by these keys, which all types have, then by id.
 * @param args the page; its bounds are those of the field, see `extensions.page`.
 * @throws as `loadMerged`, and BAD_USER_INPUT for offsets that do not fit.
 */
export async function loadMergedPage<const T extends readonly ListedOf<Entity>[]>(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  types: T & Fitting<T>,
  order: readonly OrderKey[],
  args: OffsetArgs,
  options: MergedLoadOptions & Pick<LoadPageOptions<string>, 'names'> = {},
): Promise<OffsetPage<Narrow<EntityOf<T[number]>>>> {
  type Shown = Narrow<EntityOf<T[number]>>
  const all = types.map((type) => listed(type))
  const plan = planMergedOffset(all, order, args, boundsHere(info), options.names)
  const { reads, loaders } = sessionOf(context, info)
  const resolver = resolverName(info)
  const pages = pagesOf(all, plan, args, resolver)
  const selected = all.map(({ entity }) => offsetFieldsHere(info, entity, options))
  const isCounted = selected.some(({ counts }) => counts)
  const totalCount = beside(isCounted, () => countOf(reads, pages))

  async function recordOf({ type, item }: Listed<Item>): Promise<Shown | null> {
    const { entity, where } = all[type]!
    const fields = selected[type]!.fields ?? fieldSet(entity, [])
    const record = await loaders.one({ entity, path: 'id', where }, item.record.id, fields, resolver)
    return record && typed(entity, asRecord<Entity, Shown>(entity, record)) // one of those that were given
  }

  async function read(): Promise<Page<Shown>> {
    const page = await placesOf(reads, all, plan, pages)
    const records = await Promise.all(page.items.map(recordOf))
    // One that was deleted between the two statements is on no page
    return { ...page, items: records.filter((record) => record !== null) }
  }
  const page = selected.some(({ fields }) => fields) ? await read() : null
  const shown = (): Page<Shown> => {
    if (page) return page
    throw unread(info, all[0]!.entity)
  }
  return offsetPageOf(plan.page, shown, totalCount)
}
