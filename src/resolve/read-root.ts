import type { GraphQLResolveInfo } from 'graphql'
import type { FieldSet } from '../entity/field-set.ts'
import { type Found, unread } from './connection.ts'
import { type GatewayContext, resolverName, sessionOf } from './context.ts'
import { type RootPage, readCount, readPage } from './read-page.ts'

/** What the present field selects of a page. */
export interface Selected {
  /** Null where no part of the page itself is selected. */
  readonly fields: FieldSet | null
  /** Whether the count beside it is. */
  readonly counts: boolean
}

/**
 * A count that is asked for at once where it is selected, beside the page and not behind it. One that fails is told where
 * it is shown: a page that fails first shows nothing.
 */
export function beside(selected: boolean, ask: () => Promise<number>): () => Promise<number> {
  if (!selected) return ask
  const count = ask()
  count.catch(() => undefined)
  return () => count
}

/** Reads what the present field selects of a page of all records: the page, and how many there are on all such pages. */
export async function readRoot(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  asked: Omit<RootPage, 'resolver'>,
  { fields, counts }: Selected,
): Promise<{ readonly found: Found; readonly totalCount: () => Promise<number> }> {
  const { reads } = sessionOf(context, info)
  const page = { ...asked, resolver: resolverName(info) }
  const totalCount = beside(counts, () => readCount(reads, page))
  const items = fields && (await readPage(reads, page, fields))
  return { found: items ?? (() => unread(info, page.entity)), totalCount }
}
