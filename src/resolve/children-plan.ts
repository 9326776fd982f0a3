import type { GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import type { OffsetArgs } from '../query/offset-page.ts'
import type { OrderKey } from '../query/order.ts'
import type { PageArgs, PagePlan } from '../query/page.ts'
import type { Where } from '../query/where.ts'
import { shownPage } from '../shadow/redact.ts'
import { sameCondition, textOf } from './among.ts'
import { type Found, unread } from './connection.ts'
import { type GatewayContext, resolverName, sessionOf } from './context.ts'
import type { LoadOptions } from './load.ts'
import type { PageQuestion } from './loaders.ts'
import { beside, type Selected } from './read-root.ts'
import { oncePerField } from './selection.ts'

type Args = PageArgs & OffsetArgs

/** What a field is asked for, of whatever parent. */
interface Asked {
  readonly entity: Entity
  /** Types that stand in the same list, where there are several: what one of them hides is shown of none. */
  readonly kin?: readonly Entity[]
  /** The field of the records that holds the parent's key. */
  readonly path: string
  readonly where: Where
  readonly order: readonly OrderKey[]
  readonly args: Args
}

/** How pages are planned, and what is selected of them: by cursors, or by offset. */
export interface Paging {
  readonly plan: (asked: Asked) => PagePlan
  readonly selected: (plan: PagePlan) => Selected
}

/** What a field asks for each of its parents. */
interface Planned extends Asked {
  readonly plan: PagePlan
  /** Whether the count beside the page is selected. */
  readonly counts: boolean
  /** Null where no part of the page is selected. */
  readonly question: PageQuestion | null
}

const names = ['first', 'after', 'last', 'before', 'limit', 'offset', 'page'] as const

const sameArgs = (one: Args, other: Args): boolean => names.every((name) => one[name] === other[name])

const sameOrder = (one: readonly OrderKey[], other: readonly OrderKey[]): boolean =>
  one.length === other.length &&
  one.every(({ path, direction }, at) => other[at]!.path === path && other[at]!.direction === direction)

const sameKin = (one: Asked['kin'], other: Asked['kin']): boolean =>
  one?.length === other?.length && (one ?? []).every((entity, at) => other![at] === entity)

const lastPlan = (): { planned: Planned | null } => ({ planned: null })

/** The plan of a field's pages, made once and not for each parent: nearly always all are asked for the same. */
export function plannedOnce(
  info: GraphQLResolveInfo,
  asked: Asked,
  options: LoadOptions<string>,
  { plan: planOf, selected }: Paging,
): Planned {
  const last = oncePerField(
    info,
    `pages ${asked.entity.name} ${options.at ?? ''} ${options.reading?.join() ?? ''}`,
    lastPlan,
  )
  const { entity, kin, path, order, args } = asked
  const known = last.planned
  const isKnown = known?.entity === entity && known.path === path && sameCondition(known.where, asked.where)
  if (isKnown && sameArgs(known.args, args) && sameOrder(known.order, order) && sameKin(known.kin, kin)) return known
  const plan = planOf(asked)
  const { fields, counts } = selected(plan)
  const kept = { ...asked, order: [...order], args: { ...args }, plan, counts }
  if (!fields) return (last.planned = { ...kept, question: null })
  const { where, ranges, limit, offset } = plan
  const resolver = resolverName(info)
  const shape = JSON.stringify([names.map((name) => args[name] ?? null), order])
  const among = kin ? kin.map(({ name }) => name).join() : ''
  const key = `${resolver} ${path} ${fields.tag} ${among} ${shape} ${textOf(asked.where)}`
  const page = () => shownPage(entity, plan.shownOrder, args, kin)
  const question = { entity, path, key, where, ranges, order: plan.order, limit, offset, fields, resolver, page }
  return (last.planned = { ...kept, question })
}

/** Reads the page of one parent: those of a level share a statement, and so do their counts. A null value has none. */
export async function readChildren(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  { entity, path, plan, counts, question }: Planned,
  value: unknown,
): Promise<{ readonly found: Found; readonly totalCount: () => Promise<number> }> {
  if (value === null) return { found: [], totalCount: async () => 0 }
  const { loaders, reads } = sessionOf(context, info)
  const totalCount = beside(counts, () =>
    loaders.count({ entity, path, where: plan.where }, value, `${resolverName(info)}.totalCount`),
  )
  const items = question && (await loaders.page(question, value))
  if (items) reads.handOut(items.length) // here, and not by a promise more for each parent
  return { found: items ?? (() => unread(info, entity)), totalCount }
}
