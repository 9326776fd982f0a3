import fc, { type Arbitrary } from 'fast-check'
import type { Direction, OrderKey } from '../../src/query/order.ts'
import type { Where } from '../../src/query/where.ts'
import { kindNamed, valuesOf } from './values.ts'
import { jsonKinds, type LeafPlan, pathOf, type World } from './world.ts'

/** What can be asked of a world: its leaves, and what is inside of json. */
export interface Asked {
  readonly leaf: LeafPlan
  readonly path: string
}

const comparisons = ['lt', 'lte', 'gt', 'gte'] as const
const matches = ['contains', 'startsWith', 'endsWith'] as const

function scalarCondition({ leaf, path }: Asked): Arbitrary<Where> {
  const { queries } = kindNamed(leaf.kind)
  const solid = valuesOf[leaf.kind].map((value) => kindNamed(leaf.kind).parse(value))
  const value = queries === 'order' ? fc.option(solid, { freq: 6 }) : solid
  const insensitive = leaf.kind === 'text' ? fc.boolean() : fc.constant(false)
  const equal: Arbitrary<Where>[] = [
    fc.record({ op: fc.constant('eq'), path: fc.constant(path), value, insensitive }),
    fc.record({
      op: fc.constant('in'),
      path: fc.constant(path),
      values: fc.array(value, { maxLength: 3 }),
      insensitive,
    }),
  ]
  if (queries !== 'order') return fc.oneof(...equal)
  const compared: Arbitrary<Where> = fc.record({ op: fc.constantFrom(...comparisons), path: fc.constant(path), value })
  if (leaf.kind !== 'text' && leaf.kind !== 'enum') return fc.oneof(...equal, compared)
  const matched: Arbitrary<Where> = fc.record({
    op: fc.constantFrom(...matches),
    path: fc.constant(path),
    value: valuesOf.text as Arbitrary<string>,
    insensitive: fc.boolean(),
  })
  return fc.oneof(...equal, compared, matched)
}

function listCondition({ leaf, path }: Asked): Arbitrary<Where> {
  const value = valuesOf[leaf.kind].map((each) => kindNamed(leaf.kind).parse(each))
  return fc.oneof(
    fc.record({
      op: fc.constant('has' as const),
      path: fc.constant(path),
      values: fc.array(value, { maxLength: 3 }),
      need: fc.constantFrom('some' as const, 'every' as const),
    }),
    fc.record({ op: fc.constant('isEmpty' as const), path: fc.constant(path), value: fc.boolean() }),
    fc.constant<Where>({ op: 'eq', path, value: null }),
  )
}

export interface Question {
  readonly where: Where
  readonly order: readonly OrderKey[]
  readonly size: number
  /** Of the page that is asked for by how many records stand before it. */
  readonly offset: number
}

export function asksOf(leaves: readonly LeafPlan[]): Asked[] {
  return leaves.flatMap((leaf, index) => {
    const path = pathOf(leaf, index)
    if (leaf.kind !== 'json') return [{ leaf, path }]
    return Object.entries(jsonKinds).map(([inner, kind]) => ({ leaf: { ...leaf, kind }, path: `${path}.${inner}` }))
  })
}

/** Conditions up to so many deep on some of the leaves, or on what `others` makes. */
function conditions(asked: readonly Asked[], maxDepth: number, others: readonly Arbitrary<Where>[]): Arbitrary<Where> {
  const filtered = asked.filter(({ leaf }) => leaf.kind !== 'binary' || leaf.shape === 'scalar')
  const single = fc.oneof(
    fc.constant<Where>({ op: 'and', of: [] }),
    ...filtered.map((each) => (each.leaf.shape === 'scalar' ? scalarCondition(each) : listCondition(each))),
    ...others,
  )
  const { where } = fc.letrec<{ where: Where }>((tie) => ({
    where: fc.oneof(
      { maxDepth, withCrossShrink: true },
      single,
      fc.record({ op: fc.constantFrom('and' as const, 'or' as const), of: fc.array(tie('where'), { maxLength: 3 }) }),
      fc.record({ op: fc.constant('not' as const), of: tie('where') }),
    ),
  }))
  return where
}

/** A condition on the members of an object in the list. */
export const rowConditions = (rows: readonly LeafPlan[]): Arbitrary<Where> => conditions(asksOf(rows), 2, [])

function rowsConditions(rows: readonly LeafPlan[]): Arbitrary<Where>[] {
  if (rows.length === 0) return []
  const path = fc.constant('rows')
  const some: Arbitrary<Where> = fc.record({ op: fc.constant('some' as const), path, where: rowConditions(rows) })
  const isEmpty: Arbitrary<Where> = fc.record({ op: fc.constant('isEmpty' as const), path, value: fc.boolean() })
  return [some, some, some, isEmpty, fc.constant<Where>({ op: 'eq', path: 'rows', value: null })]
}

/** Conditions up to three deep, orders of up to three keys in either direction, pages of one to six, one of them by an offset. */
export function questions({ leaves, rows }: Pick<World, 'leaves' | 'rows'>): Arbitrary<Question> {
  const asked = asksOf(leaves)
  const orderable = asked.filter(({ leaf }) => leaf.shape === 'scalar' && kindNamed(leaf.kind).queries === 'order')
  const key: Arbitrary<OrderKey> = fc.record({
    path: fc.constantFrom('id', ...orderable.map(({ path }) => path)),
    direction: fc.constantFrom<Direction>('asc', 'desc'),
  })
  return fc.record({
    where: conditions(asked, 3, rowsConditions(rows)),
    order: fc.array(key, { maxLength: 3 }),
    size: fc.integer({ min: 1, max: 6 }),
    offset: fc.integer({ min: 0, max: 12 }),
  })
}
