import { type GraphQLSchema, isObjectType } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { CrossfadeError } from '../util/errors.ts'

/** @throws CrossfadeError MISCONFIGURED where a field says that it writes what is no entity. */
export function checkWrites(schema: GraphQLSchema, entities: readonly Entity[]): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue
    for (const { name, extensions } of Object.values(type.getFields())) {
      const { writes } = extensions
      if (!writes) continue
      const place = `${type.name}.${name}`
      if (!Array.isArray(writes.entities))
        throw new CrossfadeError('MISCONFIGURED', `${place}: \`writes\` is neither only(…) nor independent(…).`)
      const unknown = writes.entities.find((entity) => !entities.includes(entity))
      if (unknown)
        throw new CrossfadeError('MISCONFIGURED', `${place} writes ${unknown.name}, which is not among the entities.`)
    }
  }
}
