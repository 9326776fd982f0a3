import type { Entity } from '../entity/entity.ts'
import { defaultScope } from '../query/default-scope.ts'
import { parseWhere } from '../query/parse-where.ts'
import { allOf, everything, type Where, type WhereOf } from '../query/where.ts'
import { onceFor } from '../util/once-for.ts'

/** Which records of a type are shown. */
export interface Among<E extends Entity = Entity> {
  /** Those alone that meet it. Default: all. */
  readonly where?: WhereOf<E['fields']>
  /** Those as well that the mapping's `defaultScope` leaves out. Default: without them. */
  readonly unscoped?: boolean
}

/** A field gives the same condition for each parent. */
const parsedFor = onceFor((entity: Entity) => onceFor((given: Where) => parseWhere(entity, given)))

/**
 * What is asked of a type, within what is shown of it, with values in the form of their kinds.
 *
 * @throws as `parseWhere`.
 */
export function among(
  entity: Entity,
  { where = everything, unscoped = false }: Among,
  asked: Where = everything,
): Where {
  const isAll = unscoped || entity.defaultScope === null
  const parsed = parseWhere(entity, asked)
  if (isAll && where === everything) return parsed
  return allOf(isAll ? everything : defaultScope(entity), parsedFor(entity)(where), parsed)
}

/** Equal for equal conditions. */
export const textOf = onceFor((where: Where): string =>
  JSON.stringify(where, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)),
)

export const sameCondition = (one: Where, other: Where): boolean => one === other || textOf(one) === textOf(other)
