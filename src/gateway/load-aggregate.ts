import type { GraphQLResolveInfo } from 'graphql'
import { canonicalValue } from '../compare/canonical.ts'
import type { Entity } from '../entity/entity.ts'
import { type Aggregate, type Group, planAggregate } from '../stores/aggregate.ts'
import type { Json } from '../util/json.ts'
import { type GatewayContext, resolverName, sessionOf } from './context.ts'

/**
 * Groups of an entity's records from the store that its flag decides, compared like any other read.
 *
 * @throws CrossfadeError BAD_USER_INPUT for what a field's kind cannot be asked.
 */
export function loadAggregate(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  entity: Entity,
  asked: Aggregate,
): Promise<readonly Group[]> {
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
  return reads.run({
    entity,
    resolver: resolverName(info),
    args: { by: asked.by, order: asked.order, limit: asked.limit },
    on: (origin, candidate) => reads.reader(origin, candidate).aggregate(entity, asked),
    outcome: (groups) => ({ is: 'value', value: comparable(groups) }),
  })
}
