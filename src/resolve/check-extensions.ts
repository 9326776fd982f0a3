import { type GraphQLField, type GraphQLSchema, isObjectType } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { fieldSet } from '../entity/field-set.ts'
import { CrossfadeError } from '../util/errors.ts'

function checkField(place: string, field: GraphQLField<unknown, unknown>, entities: readonly Entity[], of?: Entity) {
  const { needs, writes } = field.extensions
  if (writes && !Array.isArray(writes.entities))
    throw new CrossfadeError('MISCONFIGURED', `${place}: \`writes\` is neither only(…) nor independent(…).`)
  const unknown = writes?.entities.find((entity) => !entities.includes(entity))
  if (unknown)
    throw new CrossfadeError('MISCONFIGURED', `${place} writes ${unknown.name}, which is not among the entities.`)
  if (!needs || !of) return
  try {
    fieldSet(of, needs)
  } catch (error) {
    if (!(error instanceof CrossfadeError)) throw error
    throw new CrossfadeError('MISCONFIGURED', `${place} needs what is not there: ${error.message}`, { cause: error })
  }
}

/** @throws MISCONFIGURED where a field says that it reads a path, or writes a type, that is not there. */
export function checkExtensions(schema: GraphQLSchema, entities: readonly Entity[]): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue
    const entity = entities.find(({ name }) => name === type.name)
    for (const field of Object.values(type.getFields()))
      checkField(`${type.name}.${field.name}`, field, entities, entity)
  }
}
