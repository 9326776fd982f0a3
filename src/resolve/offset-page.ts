import type { Entity, Rec } from '../entity/entity.ts'
import { asRecord, type Narrow } from '../entity/record.ts'
import { cutPage, type Page, type PagePlan } from '../query/page.ts'
import type { Item } from '../stores/store.ts'
import type { CrossfadeError } from '../util/errors.ts'

/**
 * One page of records by offset or number. Its members are functions where they have to be read or counted; graphql-js
 * calls those that are selected, so that a type whose fields are named so needs no resolvers.
 */
export interface OffsetPage<R = Rec> {
  readonly items: () => readonly R[]
  /** Of all pages. */
  readonly totalCount: () => Promise<number>
  readonly hasNextPage: () => boolean
  readonly hasPreviousPage: () => boolean
  /** Records before the page. */
  readonly offset: number
  /** Records on a page. */
  readonly limit: number
  /** The page's number, from 1 on; where an offset is no multiple of the limit, that of its first record. */
  readonly page: number
  readonly pageCount: () => Promise<number>
}

/** What is known of a page before it is read. */
export const unreadMembers: ReadonlySet<string> = new Set([
  'totalCount',
  'pageCount',
  'offset',
  'limit',
  'page',
  'hasPreviousPage',
] satisfies (keyof OffsetPage)[])

/** What is known of a page once the records are counted. */
export const countedMembers: ReadonlySet<string> = new Set(['totalCount', 'pageCount'] satisfies (keyof OffsetPage)[])

/**
 * What a store returned for a plan, as a page.
 *
 * @param found where no page was read, why: thrown where it is asked for.
 */
export function offsetPage<E extends Entity, R extends Narrow<E>>(
  entity: E,
  plan: PagePlan,
  found: readonly Item[] | (() => CrossfadeError),
  totalCount: () => Promise<number>,
): OffsetPage<R> {
  const { offset, size: limit } = plan
  const cut = typeof found === 'function' ? null : cutPage(plan, found)
  const read = (): Page<Item> => {
    if (typeof found === 'function') throw found()
    return cut!
  }
  return {
    items: () => read().items.map(({ record }) => asRecord<E, R>(entity, record)),
    totalCount,
    hasNextPage: () => read().hasNextPage,
    hasPreviousPage: () => offset > 0,
    offset,
    limit,
    page: limit === 0 ? 1 : Math.floor(offset / limit) + 1,
    pageCount: async () => (limit === 0 ? 0 : Math.ceil((await totalCount()) / limit)),
  }
}
