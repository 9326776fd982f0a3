import type { GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import type { OrderPathOf, PathOf } from '../entity/path.ts'
import type { Narrow } from '../entity/record.ts'
import { type OffsetArgs, type OffsetNames, planOffset } from '../query/offset-page.ts'
import type { OrderKey } from '../query/order.ts'
import type { WhereOf } from '../query/where.ts'
import { among } from './among.ts'
import type { GatewayContext } from './context.ts'
import type { LoadOptions } from './load.ts'
import { type OffsetPage, offsetPage } from './offset-page.ts'
import { boundsHere } from './page-bounds.ts'
import { offsetFieldsHere } from './page-fields.ts'
import { readRoot } from './read-root.ts'

/** How a page by offset is read. */
export interface LoadPageOptions<P extends string, E extends Entity = Entity> extends LoadOptions<P, E> {
  /** What the contract calls the arguments, for what clients are told of them. */
  readonly names?: OffsetNames
}

/**
 * A root list in pages by offset or number: one statement for the page, one for the count, each only where it is selected.
 * Lists that are read to their end are better read by cursors: each page reads all that stand before it.
 *
 * @param asked which records: `everything`, or what `where` and `parseFilter` make.
 * @param order by these keys, then by id.
 * @param args the page; its bounds are those of the field, see `extensions.page`.
 * @example
 * const page = await loadPage(context, info, Movie, everything, [], { limit: args.take, offset: args.skip })
 * return page.items() // of a field that is a plain list
 * @throws BAD_USER_INPUT for sizes, offsets and values that do not fit.
 */
export async function loadPage<E extends Entity, const P extends PathOf<E> = never>(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  entity: E,
  asked: WhereOf<E['fields']>,
  order: readonly OrderKey<OrderPathOf<E>>[],
  args: OffsetArgs,
  options: LoadPageOptions<P, E> = {},
): Promise<OffsetPage<Narrow<E, P>>> {
  const plan = planOffset(entity, among(entity, options, asked), order, args, boundsHere(info), options.names)
  const selected = offsetFieldsHere(info, entity, options)
  const { found, totalCount } = await readRoot(context, info, { entity, plan, args }, selected)
  return offsetPage(entity, plan, found, totalCount)
}
