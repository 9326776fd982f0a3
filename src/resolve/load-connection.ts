import type { GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import type { OrderPathOf, PathOf } from '../entity/path.ts'
import type { Narrow } from '../entity/record.ts'
import type { OrderKey } from '../query/order.ts'
import { type PageArgs, planPage } from '../query/page.ts'
import { parseWhere } from '../query/parse-where.ts'
import { everything, type WhereOf } from '../query/where.ts'
import { type Connection, connection, unread } from './connection.ts'
import { type GatewayContext, resolverName, sessionOf } from './context.ts'
import type { LoadOptions } from './load.ts'
import { boundsHere } from './page-bounds.ts'
import { countsHere, pageFieldsHere } from './page-fields.ts'
import { readCount, readPage } from './read-page.ts'

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

/**
 * A root list, in the shape of a Relay connection: one statement for the page, one for the count, each only where it is
 * selected.
 *
 * @param asked which records: `everything`, or what `where` and `parseFilter` make.
 * @param order by these keys, then by id.
 * @param args the page: 20 records where no size is given, at most 100, or what `extensions.page` of the field says.
 * @throws BAD_USER_INPUT for sizes, cursors and values that do not fit.
 */
export async function loadConnection<E extends Entity, const P extends PathOf<E> = never>(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  entity: E,
  asked: WhereOf<E['fields']>,
  order: readonly OrderKey<OrderPathOf<E>>[],
  args: PageArgs,
  options: LoadOptions<P> = {},
): Promise<Connection<Narrow<E, P>>> {
  const where = asked === everything ? everything : parseWhere(entity, asked)
  const { reads } = sessionOf(context, info)
  const plan = planPage(entity, where, order, args, boundsHere(info))
  const page = { entity, resolver: resolverName(info), plan, args }
  const fields = pageFieldsHere(info, entity, plan.shownOrder, options)
  const totalCount = beside(countsHere(info, options), () => readCount(reads, page))
  const items = fields && (await readPage(reads, page, fields))
  return connection(entity, plan, items ?? (() => unread(info, entity)), totalCount)
}
