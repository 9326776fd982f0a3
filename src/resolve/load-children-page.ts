import type { GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import type { KeyPathOf, OrderPathOf, PathOf, ValueAt } from '../entity/path.ts'
import type { Narrow } from '../entity/record.ts'
import { type OffsetArgs, planOffset } from '../query/offset-page.ts'
import type { OrderKey } from '../query/order.ts'
import { parseValue } from '../query/where.ts'
import { among } from './among.ts'
import { type Paging, plannedOnce, readChildren } from './children-plan.ts'
import type { GatewayContext } from './context.ts'
import type { LoadPageOptions } from './load-page.ts'
import { type OffsetPage, offsetPage } from './offset-page.ts'
import { boundsHere } from './page-bounds.ts'
import { offsetFieldsHere } from './page-fields.ts'

/**
 * The records of one parent, as `loadChildren`, in pages by offset or number, as `loadPage`: all parents of a level share
 * one statement, which reads what stands before the page of each.
 *
 * @example
 * const page = await loadChildrenPage(context, info, Comment, 'movieId', movie.id, [], { limit: args.take, offset: args.skip })
 * @throws BAD_USER_INPUT for sizes, offsets and values that do not fit.
 */
export async function loadChildrenPage<E extends Entity, K extends KeyPathOf<E>, const P extends PathOf<E> = never>(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  entity: E,
  path: K,
  value: ValueAt<E, K> | null | undefined,
  order: readonly OrderKey<OrderPathOf<E>>[],
  args: OffsetArgs,
  options: LoadPageOptions<P, E> = {},
): Promise<OffsetPage<Narrow<E, P>>> {
  return childrenPageOf(context, info, entity, path, parseValue(entity, path, value ?? null), order, args, options)
}

const byOffset = (info: GraphQLResolveInfo, entity: Entity, options: LoadPageOptions<string>): Paging => ({
  plan: ({ where, order, args }) => planOffset(entity, where, order, args, boundsHere(info), options.names),
  selected: () => offsetFieldsHere(info, entity, options),
})

/** The same by a value that was parsed before. */
export async function childrenPageOf<E extends Entity, P extends PathOf<E> = never>(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  entity: E,
  path: string,
  value: unknown,
  order: readonly OrderKey[],
  args: OffsetArgs,
  options: LoadPageOptions<P, E> = {},
): Promise<OffsetPage<Narrow<E, P>>> {
  const asked = { entity, path, where: among(entity, options), order, args }
  const planned = plannedOnce(info, asked, options, byOffset(info, entity, options))
  const { found, totalCount } = await readChildren(context, info, planned, value)
  return offsetPage(entity, planned.plan, found, totalCount)
}
