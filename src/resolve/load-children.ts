import type { GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import type { KeyPathOf, OrderPathOf, PathOf, ValueAt } from '../entity/path.ts'
import type { Narrow } from '../entity/record.ts'
import type { OrderKey } from '../query/order.ts'
import { type PageArgs, type PagePlan, planPage } from '../query/page.ts'
import { parseValue } from '../query/where.ts'
import { shownPage } from '../shadow/redact.ts'
import { CrossfadeError } from '../util/errors.ts'
import { among, sameCondition, textOf } from './among.ts'
import { type Connection, connection, unread } from './connection.ts'
import { type GatewayContext, resolverName, sessionOf } from './context.ts'
import { placed } from './earlier-cursors.ts'
import type { LoadOptions } from './load.ts'
import type { PageQuestion } from './loaders.ts'
import { boundsHere, cursorsHere } from './page-bounds.ts'
import { countsHere, pageFieldsHere } from './page-fields.ts'
import { beside } from './read-root.ts'
import { oncePerField } from './selection.ts'

/** What a field asks for each of its parents. */
interface Planned {
  readonly entity: Entity
  readonly path: string
  readonly order: readonly OrderKey[]
  readonly args: PageArgs
  readonly plan: PagePlan
  /** Whether the count beside the page is selected. */
  readonly counts: boolean
  /** Null where no part of the page is selected. */
  readonly question: PageQuestion | null
}

const sameArgs = (one: PageArgs, other: PageArgs): boolean =>
  one.first === other.first && one.after === other.after && one.last === other.last && one.before === other.before

const sameOrder = (one: readonly OrderKey[], other: readonly OrderKey[]): boolean =>
  one.length === other.length &&
  one.every(({ path, direction }, at) => other[at]!.path === path && other[at]!.direction === direction)

const lastPlan = (): { planned: Planned | null } => ({ planned: null })

/** The plan of a field's pages, made once and not for each parent: nearly always all are asked for the same. */
function plannedOnce(
  info: GraphQLResolveInfo,
  entity: Entity,
  path: string,
  order: readonly OrderKey[],
  args: PageArgs,
  options: LoadOptions<string>,
): Planned {
  const last = oncePerField(info, `pages ${options.at ?? ''} ${options.reading?.join() ?? ''}`, lastPlan)
  const known = last.planned
  const shown = among(entity, options)
  const isKnown = known?.entity === entity && known.path === path && sameCondition(known.plan.where, shown)
  if (isKnown && sameArgs(known.args, args) && sameOrder(known.order, order)) return known
  const plan = planPage(entity, shown, order, args, boundsHere(info))
  const { where, ranges, limit } = plan
  const fields = pageFieldsHere(info, entity, plan.shownOrder, options)
  const counts = countsHere(info, options)
  const kept = { entity, path, order: [...order], args: { ...args }, plan, counts }
  if (!fields) return (last.planned = { ...kept, question: null })
  const resolver = resolverName(info)
  const { first, after, last: end, before } = args
  const shape = JSON.stringify([first ?? null, after ?? null, end ?? null, before ?? null, order])
  const key = `${resolver} ${path} ${fields.tag} ${shape} ${textOf(shown)}`
  const page = () => shownPage(entity, plan.shownOrder, args)
  const question = { entity, path, key, where, ranges, order: plan.order, limit, fields, resolver, page }
  return (last.planned = { ...kept, question })
}

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

/** @throws BAD_USER_INPUT as `placed`, and for a cursor that counts records. */
async function placedBelow(...asked: Parameters<typeof placed>): Promise<PageArgs> {
  const { args, offset } = await placed(...asked)
  if (offset === 0) return args
  throw new CrossfadeError('BAD_USER_INPUT', 'The records of one parent are not paged by a cursor that counts them.')
}

/** The same by a value that was parsed before. */
export async function childrenOf<E extends Entity, P extends PathOf<E> = never>(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  entity: E,
  path: string,
  value: unknown,
  order: readonly OrderKey[],
  args: PageArgs,
  options: LoadOptions<P, E> = {},
): Promise<Connection<Narrow<E, P>>> {
  const earlier = cursorsHere(info)
  const page = earlier
    ? await placedBelow(earlier, { context, info, entity, order, args, where: options.where, parent: { path, value } })
    : args
  const { plan, counts, question } = plannedOnce(info, entity, path, order, page, options)
  if (value === null) return connection(entity, plan, [], async () => 0)
  const { loaders, reads } = sessionOf(context, info)
  const totalCount = beside(counts, () =>
    loaders.count({ entity, path, where: plan.where }, value, `${resolverName(info)}.totalCount`),
  )
  const items = question && (await loaders.page(question, value))
  if (items) reads.handOut(items.length) // here, and not by a promise more for each parent
  return connection(entity, plan, items ?? (() => unread(info, entity)), totalCount)
}
