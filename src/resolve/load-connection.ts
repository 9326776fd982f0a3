import type { GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import type { OrderPathOf, PathOf } from '../entity/path.ts'
import type { Narrow } from '../entity/record.ts'
import type { OrderKey } from '../query/order.ts'
import { type PageArgs, planPage } from '../query/page.ts'
import type { WhereOf } from '../query/where.ts'
import { among } from './among.ts'
import { type Connection, connection } from './connection.ts'
import type { GatewayContext } from './context.ts'
import { placed } from './earlier-cursors.ts'
import type { LoadOptions } from './load.ts'
import { boundsHere, cursorsHere } from './page-bounds.ts'
import { countsHere, pageFieldsHere } from './page-fields.ts'
import { readRoot } from './read-root.ts'

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
  options: LoadOptions<P, E> = {},
): Promise<Connection<Narrow<E, P>>> {
  const earlier = cursorsHere(info)
  const { args: page, offset } = earlier
    ? await placed(earlier, { context, info, entity, order, args, where: options.where })
    : { args, offset: 0 }
  const first = planPage(entity, among(entity, options, asked), order, page, boundsHere(info))
  const plan = offset === 0 ? first : { ...first, offset, hasAfter: true }
  const fields = pageFieldsHere(info, entity, plan.shownOrder, options)
  const selected = { fields, counts: countsHere(info, options) }
  const { found, totalCount } = await readRoot(context, info, { entity, plan, args }, selected)
  return connection(entity, plan, found, totalCount)
}
