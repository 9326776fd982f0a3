import type { GraphQLResolveInfo } from 'graphql'
import { hidden } from '../compare/differences.ts'
import { canonicalValue } from '../entity/canonical-value.ts'
import type { Entity, Leaf } from '../entity/entity.ts'
import { leafAt } from '../entity/leaf-at.ts'
import { type Aggregate, type Group, planAggregate } from '../query/aggregate.ts'
import type { AggregateOf, GroupOf } from '../query/aggregate-of.ts'
import { everything } from '../query/where.ts'
import { shownWhere } from '../shadow/redact.ts'
import type { Json } from '../util/json.ts'
import { among } from './among.ts'
import { type GatewayContext, resolverName, sessionOf } from './context.ts'

const hiding = (leaf: Leaf | null, value: Json): Json => (leaf?.sensitive ? hidden : value)

/** The question as it may be shown. A limit of a condition on a measure is as sensitive as the field that is measured. */
function shownAggregate(entity: Entity, asked: Aggregate): Json {
  const { by, measures, having, order, limit, where } = asked
  const leafOf = (name: string): Leaf | null => {
    const measure = measures[name]
    return measure && measure.op !== 'count' ? leafAt(entity, measure.path) : null
  }
  return {
    where: shownWhere(entity, where),
    by: [...by],
    measures: Object.fromEntries(Object.entries(measures).map(([name, measure]) => [name, { ...measure }])),
    having: having.map(({ measure, op, value }) => ({ measure, op, value: hiding(leafOf(measure), value) })),
    order: order.map(({ key, direction }) => ({ key, direction })),
    limit,
  }
}

/** A group in comparable form. */
type Comparable = { by: Json[]; measures: Json[] }

/**
 * Groups of an entity's records from the store that its flag decides, compared like any other read.
 *
 * @throws CrossfadeError BAD_USER_INPUT for what a field's kind cannot be asked.
 */
export function loadAggregate<E extends Entity, const A extends AggregateOf<E>>(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  entity: E,
  { by: groups, measures: wanted, where = everything, unscoped, having = [], order = [], limit }: A,
): Promise<readonly GroupOf<E, A>[]> {
  const shown = among(entity, { unscoped }, where)
  const asked: Aggregate = { where: shown, by: groups, measures: wanted, having, order, limit }
  const { reads } = sessionOf(context, info)
  const { by, measures } = planAggregate(entity, asked)
  const comparable = (groups: readonly Group[]): Json =>
    groups.map((group) => ({
      by: by.map((leaf, index) => canonicalValue(leaf, group.by[index])),
      measures: measures.map(({ name, op, leaf }) => {
        const value = group.measures[name]
        return op === 'min' || op === 'max' ? canonicalValue(leaf!, value) : (value as Json)
      }),
    }))
  const shownGroups = (groups: Json): Json =>
    (groups as Comparable[]).map((group) => ({
      by: group.by.map((value, index) => hiding(by[index]!, value)),
      measures: group.measures.map((value, index) => hiding(measures[index]!.leaf, value)),
    }))
  const answer: Promise<readonly Group[]> = reads.run({
    entity,
    fields: null,
    resolver: resolverName(info),
    args: () => shownAggregate(entity, asked),
    ask: ({ reader }, signal) => reader.aggregate(entity, asked, signal),
    outcome: (groups: readonly Group[]) => ({ is: 'value', value: comparable(groups), shown: shownGroups }),
  })
  // A store answers in the order of `by` and under the names of the measures
  return answer as Promise<readonly GroupOf<E, A>[]>
}
