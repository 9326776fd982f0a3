import type { GraphQLResolveInfo } from 'graphql'
import type { Entity, Rec } from '../entity/entity.ts'
import { asRecord, type Narrow } from '../entity/record.ts'
import { encodeCursor } from '../query/cursor.ts'
import { cutPage, type Page, type PagePlan } from '../query/page.ts'
import type { Item } from '../stores/store.ts'
import { CrossfadeError } from '../util/errors.ts'
import { resolverName } from './context.ts'
import { typesOf } from './shown-types.ts'

/**
 * One page of records. Its members are those of Relay's connection types, as functions, which graphql-js calls where
 * they are selected: connection types that have these names need no resolvers, and only what is selected is read.
 */
export interface Connection<R = Rec> {
  readonly edges: () => readonly Edge<R>[]
  /** The records by themselves: for lists without cursors. */
  readonly nodes: () => readonly R[]
  readonly pageInfo: () => PageInfo
  readonly totalCount: () => Promise<number>
}

/** One record of a page. Its cursor is worked out where it is selected. */
export interface Edge<R = Rec> {
  readonly node: R
  readonly cursor: () => string
}

/** Where a page stands among the others, as Relay has it. */
export interface PageInfo {
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  readonly startCursor: () => string | null
  readonly endCursor: () => string | null
}

/** What is told to a resolver that asks for a page of which nothing was selected. */
export function unread(info: GraphQLResolveInfo, entity: Entity): CrossfadeError {
  const { name } = entity
  const shown = typesOf(info.schema, entity).map((type) => type.name)
  const text = `${resolverName(info)} resolves to ${info.returnType}, in which no ${shown.join(' or ') || name} is selected: no page was read, only its totalCount can be.`
  const remedy = `A type that shows ${name} under another name says so: \`extensions: { entity: ${name} }\`.`
  return new CrossfadeError('MISCONFIGURED', `${text} ${remedy}`)
}

/** What a store returned for a plan; where no page was read, why. */
export type Found = readonly Item[] | (() => CrossfadeError)

/** Gives the page that was found. @throws where none was read, as soon as it is asked for. */
export function pageFound(plan: PagePlan, found: Found): () => Page<Item> {
  if (typeof found !== 'function') {
    const page = cutPage(plan, found)
    return () => page
  }
  return () => {
    throw found()
  }
}

/** What is shown of each item of a page. */
interface Shown<T, R> {
  readonly nodeOf: (item: T) => R
  readonly cursorOf: (item: T) => string
}

/** A page as a connection. @param page throws where none was read. */
export function connectionOf<T, R>(
  page: () => Page<T>,
  { nodeOf, cursorOf }: Shown<T, R>,
  totalCount: () => Promise<number>,
): Connection<R> {
  const cursorAt = (index: number): string | null => {
    const item = page().items.at(index)
    return item ? cursorOf(item) : null
  }
  return {
    edges: () => page().items.map((item) => ({ node: nodeOf(item), cursor: () => cursorOf(item) })),
    nodes: () => page().items.map(nodeOf),
    pageInfo() {
      const { hasNextPage, hasPreviousPage } = page()
      return { hasNextPage, hasPreviousPage, startCursor: () => cursorAt(0), endCursor: () => cursorAt(-1) }
    },
    totalCount,
  }
}

/** What was found, as a connection. */
export const connection = <E extends Entity, R extends Narrow<E>>(
  entity: E,
  plan: PagePlan,
  found: Found,
  totalCount: () => Promise<number>,
): Connection<R> =>
  connectionOf(
    pageFound(plan, found),
    {
      nodeOf: ({ record }: Item): R => asRecord<E, R>(entity, record),
      cursorOf: ({ record }: Item): string => encodeCursor(entity, plan.shownOrder, record),
    },
    totalCount,
  )
