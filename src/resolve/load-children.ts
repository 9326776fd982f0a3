import type { GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import type { KeyPathOf, OrderPathOf, PathOf, ValueAt } from '../entity/path.ts'
import type { Narrow } from '../entity/record.ts'
import type { OrderKey } from '../query/order.ts'
import { type PageArgs, planPage } from '../query/page.ts'
import { parseValue } from '../query/where.ts'
import { among } from './among.ts'
import { type Paging, plannedOnce, readChildren } from './children-plan.ts'
import { type Connection, connection } from './connection.ts'
import type { GatewayContext } from './context.ts'
import { placed } from './earlier-cursors.ts'
import type { LoadOptions } from './load.ts'
import { boundsHere, cursorsHere } from './page-bounds.ts'
import { countsHere, pageFieldsHere } from './page-fields.ts'

/**
 * The records of one parent, those whose field at `path` is `value`: all parents of a level share one statement. Null
 * has none.
 *
 * @throws as `loadConnection`, and BAD_USER_INPUT where the request has got too many records.
 */
export async function loadChildren<E extends Entity, K extends KeyPathOf<E>, const P extends PathOf<E> = never>(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  entity: E,
  path: K,
  value: ValueAt<E, K> | null | undefined,
  order: readonly OrderKey<OrderPathOf<E>>[],
  args: PageArgs,
  options: LoadOptions<P, E> = {},
): Promise<Connection<Narrow<E, P>>> {
  return childrenOf(context, info, entity, path, parseValue(entity, path, value ?? null), order, args, options)
}

/** By cursors; one of the API before may say how many records stand before the page. */
const byCursor = (info: GraphQLResolveInfo, entity: Entity, options: LoadOptions<string>): Paging => ({
  plan({ where, order, args }) {
    const plan = planPage(entity, where, order, args, boundsHere(info))
    return args.offset ? { ...plan, offset: args.offset, hasAfter: true } : plan
  },
  selected: ({ shownOrder }) => ({
    fields: pageFieldsHere(info, entity, shownOrder, options),
    counts: countsHere(info, options),
  }),
})

/** The same by a value that was parsed before. */
export async function childrenOf<E extends Entity, P extends PathOf<E> = never>(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  entity: E,
  path: string,
  value: unknown,
  order: readonly OrderKey[],
  given: PageArgs,
  options: LoadOptions<P, E> = {},
): Promise<Connection<Narrow<E, P>>> {
  const earlier = cursorsHere(info)
  const parent = { path, value }
  const page =
    earlier && (await placed(earlier, { context, info, entity, order, args: given, where: options.where, parent }))
  const args = page ? { ...page.args, offset: page.offset } : given
  const asked = { entity, path, where: among(entity, options), order, args }
  const planned = plannedOnce(info, asked, options, byCursor(info, entity, options))
  const { found, totalCount } = await readChildren(context, info, planned, value)
  return connection(entity, planned.plan, found, totalCount)
}
