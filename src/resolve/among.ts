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

/** What is asked of a type, within what is shown of it. */
export function among(entity: Entity, { where = everything, unscoped = false }: Among, asked = everything): Where {
  const isAll = unscoped || entity.defaultScope === null
  if (isAll && where === everything) return asked
  return allOf(isAll ? everything : defaultScope(entity), parsedFor(entity)(where), asked)
}

/** Equal for equal conditions. */
export const textOf = onceFor((where: Where): string =>
  JSON.stringify(where, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)),
)
