import type { Entity } from './entity.ts'

/** The other types of an entity's collection. */
export const siblingsOf = (entity: Entity, entities: readonly Entity[]): Entity[] =>
  entities.filter((other) => other !== entity && other.mongo === entity.mongo)
