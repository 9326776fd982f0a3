import type { Entity } from '../entity/entity.ts'
import { CrossfadeError } from '../util/errors.ts'

/** The type that a command names. @throws BAD_USER_INPUT with those that there are. */
export function typeOf(entities: readonly Entity[], type: string): Entity {
  const entity = entities.find(({ name }) => name === type)
  if (entity) return entity
  const names = entities.map(({ name }) => name).join(', ')
  throw new CrossfadeError('BAD_USER_INPUT', `There is no type ${type}; there are ${names}.`)
}
