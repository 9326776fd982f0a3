import fc, { type Arbitrary } from 'fast-check'
import { kindOf } from '../../src/codec/kinds.ts'
import type { Direction, OrderKey, Where } from '../../src/stores/query.ts'
import { valuesOf } from './values.ts'
import { type LeafPlan, pathOf } from './world.ts'

interface Asked {
  readonly leaf: LeafPlan
  readonly path: string
}

const comparisons = ['lt', 'lte', 'gt', 'gte'] as const
const matches = ['contains', 'startsWith', 'endsWith'] as const

function scalarCondition({ leaf, path }: Asked): Arbitrary<Where> {
  const { queries } = kindOf(leaf.kind)
  const solid = valuesOf[leaf.kind].map((value) => kindOf(leaf.kind).parse(value))
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
  const value = valuesOf[leaf.kind].map((each) => kindOf(leaf.kind).parse(each))
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
}

/** Conditions up to three deep, orders of up to three keys in either direction, pages of one to six. */
export function questions(leaves: readonly LeafPlan[]): Arbitrary<Question> {
  const asked = leaves.map((leaf, index) => ({ leaf, path: pathOf(leaf, index) }))
  const filtered = asked.filter(
    ({ leaf }) => leaf.kind !== 'json' && !(leaf.kind === 'binary' && leaf.shape !== 'scalar'),
  )
  const leafCondition = fc.oneof(
    fc.constant<Where>({ op: 'and', of: [] }),
    ...filtered.map((each) => (each.leaf.shape === 'scalar' ? scalarCondition(each) : listCondition(each))),
  )
  const { where } = fc.letrec<{ where: Where }>((tie) => ({
    where: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leafCondition,
      fc.record({ op: fc.constantFrom('and' as const, 'or' as const), of: fc.array(tie('where'), { maxLength: 3 }) }),
      fc.record({ op: fc.constant('not' as const), of: tie('where') }),
    ),
  }))
  const orderable = asked.filter(({ leaf }) => leaf.shape === 'scalar' && kindOf(leaf.kind).queries === 'order')
  const key: Arbitrary<OrderKey> = fc.record({
    path: fc.constantFrom('id', ...orderable.map(({ path }) => path)),
    direction: fc.constantFrom<Direction>('asc', 'desc'),
  })
  return fc.record({ where, order: fc.array(key, { maxLength: 3 }), size: fc.integer({ min: 1, max: 6 }) })
}
