import { type GraphQLSchema, isObjectType } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { CrossfadeError } from '../util/errors.ts'

/** @throws CrossfadeError MISCONFIGURED where the schema shows an entity that the configuration does not name. */
export function checkShown(schema: GraphQLSchema, entities: readonly Entity[]): void {
  for (const type of Object.values(schema.getTypeMap())) {
    const entity = isObjectType(type) ? type.extensions.entity : undefined
    if (!entity || entities.includes(entity)) continue
    const remedy = 'Name it among the entities of crossfade.config.ts.'
    throw new CrossfadeError('MISCONFIGURED', `The schema shows ${entity.name}, which is no entity. ${remedy}`)
  }
}
