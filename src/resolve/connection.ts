import type { FieldNode, GraphQLResolveInfo } from 'graphql'
import type { Entity, Rec } from '../entity/entity.ts'
import { fieldSet } from '../entity/field-set.ts'
import type { KeyPathOf, OrderPathOf, PathOf, ValueAt } from '../entity/path.ts'
import { asRecord, type Narrow } from '../entity/record.ts'
import { encodeCursor } from '../query/cursor.ts'
import type { OrderKey } from '../query/order.ts'
import { cutPage, type Page, type PageArgs, type PagePlan, planPage } from '../query/page.ts'
import { parseWhere } from '../query/parse-where.ts'
import { everything, parseValue, type WhereOf } from '../query/where.ts'
import { shownPage, shownWhere } from '../shadow/redact.ts'
import type { Item } from '../stores/store.ts'
import { CrossfadeError } from '../util/errors.ts'
import { onceFor } from '../util/once-for.ts'
import { type GatewayContext, resolverName, sessionOf } from './context.ts'
import type { LoadOptions } from './load.ts'
import { countsHere, pageFieldsHere } from './page-fields.ts'

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

function connection<E extends Entity, P extends PathOf<E>>(
  info: GraphQLResolveInfo,
  entity: E,
  plan: PagePlan,
  found: readonly Item[] | null,
  totalCount: () => Promise<number>,
): Connection<Narrow<E, P>> {
  const cut = found && cutPage(plan, found)
  const page = (): Page<Item> => {
    if (cut) return cut
    const text = `${resolverName(info)} resolves to ${info.returnType}, in which no ${entity.name} is selected: no page was read, only its totalCount can be.`
    throw new CrossfadeError('MISCONFIGURED', text)
  }
  const nodeOf = ({ record }: Item): Narrow<E, P> => asRecord<E, Narrow<E, P>>(entity, record)
  const cursorOf = ({ record }: Item): string => encodeCursor(entity, plan.shownOrder, record)
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

/**
 * A count that is asked for at once where it is selected, beside the page and not behind it. One that fails is told where
 * it is shown: a page that fails first shows nothing.
 */
function beside(selected: boolean, ask: () => Promise<number>): () => Promise<number> {
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
 * @param args the page, at most 100 records; 20 where no size is given.
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
  const resolver = resolverName(info)
  const plan = planPage(entity, where, order, args)
  const { ranges } = plan
  const fields = pageFieldsHere(info, entity, plan.shownOrder, options)
  const totalCount = beside(countsHere(info, options), () =>
    reads.run({
      entity,
      resolver: `${resolver}.totalCount`,
      args: () => ({ where: shownWhere(entity, where) }),
      ask: ({ reader }, signal) => reader.count(entity, where, signal),
      outcome: (value: number) => ({ is: 'value', value }),
    }),
  )
  const items =
    fields &&
    (await reads.run({
      entity,
      resolver,
      args: () => ({ where: shownWhere(entity, where), ...shownPage(entity, plan.shownOrder, args) }),
      ask: ({ reader }, signal) =>
        reader.query(entity, { where, ranges, order: plan.order, limit: plan.limit, fields }, signal),
      outcome: (found: readonly Item[]) => ({
        is: 'records',
        entity,
        fields,
        lists: new Map([['', found]]),
        ordered: true,
        limit: plan.limit,
      }),
    }))
  return connection(info, entity, plan, items, totalCount)
}

interface Planned {
  readonly entity: Entity
  readonly order: readonly OrderKey[]
  readonly args: PageArgs
  readonly plan: PagePlan
  /** Equal for pages that may share a statement. */
  readonly shape: string
}

const lastPlanned = onceFor((_node: FieldNode): { planned: Planned | null } => ({ planned: null }))

const sameArgs = (one: PageArgs, other: PageArgs): boolean =>
  one.first === other.first && one.after === other.after && one.last === other.last && one.before === other.before

const sameOrder = (one: readonly OrderKey[], other: readonly OrderKey[]): boolean =>
  one.length === other.length &&
  one.every(({ path, direction }, at) => other[at]!.path === path && other[at]!.direction === direction)

/** The plan of a field's pages, made once and not for each parent: nearly always all are asked for the same. */
function plannedOnce(info: GraphQLResolveInfo, entity: Entity, order: readonly OrderKey[], args: PageArgs): Planned {
  const last = lastPlanned(info.fieldNodes[0]!)
  const known = last.planned
  if (known?.entity === entity && sameArgs(known.args, args) && sameOrder(known.order, order)) return known
  const { first, after, last: end, before } = args
  const shape = JSON.stringify([first ?? null, after ?? null, end ?? null, before ?? null, order])
  const planned = {
    entity,
    order: [...order],
    args: { ...args },
    plan: planPage(entity, everything, order, args),
    shape,
  }
  last.planned = planned
  return planned
}

/**
 * The records of one parent, those whose field at `path` is `value`: all parents of a level share one statement. Null
 * has none.
 *
 * @throws as `loadConnection`.
 */
export async function loadChildren<E extends Entity, K extends KeyPathOf<E>, const P extends PathOf<E> = never>(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  entity: E,
  path: K,
  value: ValueAt<E, K> | null | undefined,
  order: readonly OrderKey<OrderPathOf<E>>[],
  args: PageArgs,
  options: LoadOptions<P> = {},
): Promise<Connection<Narrow<E, P>>> {
  const { loaders } = sessionOf(context, info)
  const resolver = resolverName(info)
  const { plan, shape } = plannedOnce(info, entity, order, args)
  if (value === null || value === undefined) return connection(info, entity, plan, [], async () => 0)
  const fields = pageFieldsHere(info, entity, plan.shownOrder, options)
  const { where, ranges, limit } = plan
  const key = {
    value: parseValue(entity, path, value),
    shape,
    where,
    ranges,
    order: plan.order,
    limit,
    fields: fields ?? fieldSet(entity, []),
    resolver,
    page: () => shownPage(entity, plan.shownOrder, args),
  }
  const totalCount = beside(countsHere(info, options), () =>
    loaders.count(entity, path, { ...key, resolver: `${resolver}.totalCount` }),
  )
  const items = fields && (await loaders.many(entity, path, key))
  return connection(info, entity, plan, items, totalCount)
}
