import { didYouMean } from '../util/did-you-mean.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Entity } from './entity.ts'

/** The type of a name. @throws BAD_USER_INPUT with those that there are, and the nearest of them. */
export function typeOf(entities: readonly Entity[], type: string): Entity {
  const entity = entities.find(({ name }) => name === type)
  if (entity) return entity
  const names = entities.map(({ name }) => name)
  const text = `There is no type ${type}; there are ${names.join(', ')}.${didYouMean(type, names)}`
  throw new CrossfadeError('BAD_USER_INPUT', text)
}
