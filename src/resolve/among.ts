import type { Entity } from '../entity/entity.ts'
import { defaultScope } from '../query/default-scope.ts'
import { allOf, everything, type Where, type WhereOf } from '../query/where.ts'
import { askedCondition, shownCondition } from '../query/written-condition.ts'
import { onceFor } from '../util/once-for.ts'

/** Which records of a type are shown. */
export interface Among<E extends Entity = Entity> {
  /**
   * Those alone that meet it. Default: all. One that has lost a value is refused, since it says less than was meant, and
   * often who may see them; what a client may leave out is `filter`.
   */
  readonly where?: WhereOf<E['fields']>
  /** Those as well that the mapping's `defaultScope` leaves out. Default: without them. */
  readonly unscoped?: boolean
}

/** What is asked of records besides. */
export interface Asking<E extends Entity = Entity> extends Among<E> {
  /** Those alone that a client asks for, as `parseFilter` reads it: a test without a value asks nothing. */
  readonly filter?: WhereOf<E['fields']>
}

type Read = (entity: Entity, given: unknown) => Where

/** A field gives the same condition for each parent. */
function oncePerCondition(read: Read): Read {
  const known = onceFor((entity: Entity) => onceFor((given: object) => read(entity, given)))
  return (entity, given) => (typeof given === 'object' && given !== null ? known(entity)(given) : read(entity, given))
}

const shownOf = oncePerCondition(shownCondition)
const askedOf = oncePerCondition(askedCondition)

/**
 * What is asked of a type, within what is shown of it, with values in the form of their kinds.
 *
 * @throws as `askedCondition`, and BAD_USER_INPUT for a `where` that asks nothing.
 */
export function among(
  entity: Entity,
  { where = everything, filter = everything, unscoped = false }: Asking,
  asked: Where = everything,
): Where {
  const isAll = unscoped || entity.defaultScope === null
  const parsed = asked === everything ? asked : askedCondition(entity, asked)
  if (isAll && where === everything && filter === everything) return parsed
  return allOf(isAll ? everything : defaultScope(entity), shownOf(entity, where), askedOf(entity, filter), parsed)
}

/** Equal for equal conditions. */
export const textOf = onceFor((where: Where): string =>
  JSON.stringify(where, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)),
)

export const sameCondition = (one: Where, other: Where): boolean => one === other || textOf(one) === textOf(other)
