import type { FieldNode, GraphQLResolveInfo } from 'graphql'
import { kindOf } from '../codec/kinds.ts'
import type { Entity, Rec } from '../entity/entity.ts'
import type { FieldSet } from '../entity/field-set.ts'
import { fieldSet } from '../entity/field-set.ts'
import { leafAt } from '../entity/leaf-at.ts'
import { encodeCursor } from '../query/cursor.ts'
import type { OrderKey } from '../query/order.ts'
import { cutPage, type Page, type PageArgs, type PagePlan, planPage } from '../query/page.ts'
import { parseWhere } from '../query/parse-where.ts'
import { everything, type Where } from '../query/where.ts'
import { shownPage, shownWhere } from '../shadow/redact.ts'
import type { Item } from '../stores/store.ts'
import { type GatewayContext, resolverName, sessionOf } from './context.ts'
import { fieldsFor, oncePerField, selectedBelow } from './selection.ts'

/** One page of records, as the connection types resolve it. The count is read only where it is selected. */
export interface Connection {
  readonly page: Page<Rec>
  readonly totalCount: () => Promise<number>
  readonly cursorOf: (record: Rec) => string
}

const cursorFields = ['startCursor', 'endCursor'] as const

function below(info: GraphQLResolveInfo, nodes: readonly FieldNode[], name: string): readonly FieldNode[] {
  return selectedBelow(info, nodes).get(name) ?? []
}

/** What the page must read: the nodes' selection, and the order's keys where cursors are shown. */
function pageFields(info: GraphQLResolveInfo, entity: Entity, order: readonly OrderKey[]): FieldSet | null {
  const edges = below(info, info.fieldNodes, 'edges')
  const pageInfo = below(info, info.fieldNodes, 'pageInfo')
  if (edges.length + pageInfo.length === 0) return null
  const shown = selectedBelow(info, pageInfo)
  const cursors = below(info, edges, 'cursor').length > 0 || cursorFields.some((name) => shown.has(name))
  const keys = cursors ? order.map(({ path }) => path).filter((path) => path !== 'id') : []
  const nodes = below(info, edges, 'node')
  return nodes.length > 0 ? fieldsFor(info, entity, nodes, keys) : fieldSet(entity, keys)
}

function pageFieldsHere(info: GraphQLResolveInfo, entity: Entity, order: readonly OrderKey[]): FieldSet | null {
  const key = `${entity.name} page ${order.map(({ path }) => path).join()}`
  return oncePerField(info, key, () => pageFields(info, entity, order))
}

const empty: Page<Rec> = { items: [], hasNextPage: false, hasPreviousPage: false }

function connection(
  entity: Entity,
  plan: PagePlan,
  items: readonly Item[] | null,
  totalCount: () => Promise<number>,
): Connection {
  const page = items ? cutPage(plan, items) : { ...empty, items: [] as Item[] }
  return {
    page: { ...page, items: page.items.map(({ record }) => record) },
    totalCount,
    cursorOf: (record) => encodeCursor(entity, plan.shownOrder, record),
  }
}

/** A root list: one statement for the page, one for the count, each only where selected. */
export async function loadConnection(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  entity: Entity,
  asked: Where,
  order: readonly OrderKey[],
  args: PageArgs,
): Promise<Connection> {
  const where = asked === everything ? everything : parseWhere(entity, asked)
  const { reads } = sessionOf(context, info)
  const resolver = resolverName(info)
  const plan = planPage(entity, where, order, args)
  const fields = pageFieldsHere(info, entity, plan.shownOrder)
  const items =
    fields &&
    (await reads.run({
      entity,
      resolver,
      args: () => ({ where: shownWhere(entity, where), ...shownPage(entity, plan.shownOrder, args) }),
      ask: ({ reader }) => reader.query(entity, { where: plan.where, order: plan.order, limit: plan.limit, fields }),
      outcome: (found: readonly Item[]) => ({
        is: 'records',
        entity,
        fields,
        lists: new Map([['', found]]),
        ordered: true,
        limit: plan.limit,
      }),
    }))
  const totalCount = (): Promise<number> =>
    reads.run({
      entity,
      resolver: `${resolver}.totalCount`,
      args: () => ({ where: shownWhere(entity, where) }),
      ask: ({ reader }) => reader.count(entity, where),
      outcome: (value: number) => ({ is: 'value', value }),
    })
  return connection(entity, plan, items, totalCount)
}

/** The records of one parent; all parents of a level share one statement. Null keys have none. */
export async function loadChildren(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  entity: Entity,
  path: string,
  value: unknown,
  order: readonly OrderKey[],
  args: PageArgs,
): Promise<Connection> {
  const { loaders } = sessionOf(context, info)
  const resolver = resolverName(info)
  const plan = planPage(entity, everything, order, args)
  if (value === null || value === undefined) return connection(entity, plan, [], async () => 0)
  const fields = pageFieldsHere(info, entity, plan.shownOrder)
  const { where, limit } = plan
  const key = {
    value: kindOf(leafAt(entity, path).kind).parse(value),
    shape: JSON.stringify([args, order]),
    where,
    order: plan.order,
    limit,
    fields: fields ?? fieldSet(entity, []),
    resolver,
    page: () => shownPage(entity, plan.shownOrder, args),
  }
  const items = fields && (await loaders.many(entity, path, key))
  return connection(entity, plan, items, () =>
    loaders.count(entity, path, { ...key, resolver: `${resolver}.totalCount` }),
  )
}
