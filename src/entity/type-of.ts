import { didYouMean } from '../util/did-you-mean.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Entity } from './entity.ts'
import { flagKeyOf } from './flag-key.ts'

/** The type of a name. @throws BAD_USER_INPUT with those that there are, and the nearest of them. */
export function typeOf(entities: readonly Entity[], type: string): Entity {
  const entity = entities.find(({ name }) => name === type)
  if (entity) return entity
  const names = entities.map(({ name }) => name)
  const text = `There is no type ${type}; there are ${names.join(', ')}.${didYouMean(type, names)}`
  throw new CrossfadeError('BAD_USER_INPUT', text)
}

/** The key of the flag that a name stands for: a group's, or the one that a type goes by. @throws BAD_USER_INPUT likewise. */
export function flagKeyNamed(entities: readonly Entity[], name: string): string {
  return entities.some(({ group }) => group === name) ? name : flagKeyOf(typeOf(entities, name))
}
