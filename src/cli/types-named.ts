import type { Entity } from '../entity/entity.ts'
import { typeOf } from '../entity/type-of.ts'
import { CrossfadeError } from '../util/errors.ts'

/**
 * The types that a command was given by name; none for `all`, which says the same as no name does.
 *
 * @throws BAD_USER_INPUT for a name that no type has, and where `all` stands beside others.
 */
export function typesNamed(entities: readonly Entity[], given: readonly string[]): Entity[] {
  if (!given.includes('all')) return given.map((type) => typeOf(entities, type))
  if (given.length === 1) return []
  throw new CrossfadeError('BAD_USER_INPUT', '`all` stands for every type: name no other beside it.')
}

/** Those, or every type. @throws likewise. */
export function typesOrAll(entities: readonly Entity[], given: readonly string[]): readonly Entity[] {
  const named = typesNamed(entities, given)
  return named.length === 0 ? entities : named
}
