import type { Entity, Rec } from '../entity/entity.ts'
import { asRecord, type Narrow } from '../entity/record.ts'
import type { Page, PagePlan } from '../query/page.ts'
import { type Found, pageFound } from './connection.ts'

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

/** A page by offset. @param read throws where none was read. */
export function offsetPageOf<R>(
  { offset, size: limit }: PagePlan,
  read: () => Page<R>,
  totalCount: () => Promise<number>,
): OffsetPage<R> {
  return {
    items: () => read().items,
    totalCount,
    hasNextPage: () => read().hasNextPage,
    hasPreviousPage: () => offset > 0,
    offset,
    limit,
    page: limit === 0 ? 1 : Math.floor(offset / limit) + 1,
    pageCount: async () => (limit === 0 ? 0 : Math.ceil((await totalCount()) / limit)),
  }
}

/** What was found, as a page. */
export function offsetPage<E extends Entity, R extends Narrow<E>>(
  entity: E,
  plan: PagePlan,
  found: Found,
  totalCount: () => Promise<number>,
): OffsetPage<R> {
  const page = pageFound(plan, found)
  const read = (): Page<R> => ({ ...page(), items: page().items.map(({ record }) => asRecord<E, R>(entity, record)) })
  return offsetPageOf(plan, read, totalCount)
}
