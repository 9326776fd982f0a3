import { type GraphQLObjectType, type GraphQLSchema, getNamedType, isLeafType, isObjectType } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { fieldSet, knownPaths } from '../entity/field-set.ts'
import type { ContractField } from '../shadow/field-coverage.ts'

function fieldsOf(entity: Entity, type: GraphQLObjectType, prefix: string): ContractField[] {
  return Object.values(type.getFields()).flatMap((definition): ContractField[] => {
    const field = prefix + definition.name
    const { needs } = definition.extensions
    const inner = getNamedType(definition.type)
    if (needs) {
      if (!isLeafType(inner)) return []
      const { paths } = fieldSet(
        entity,
        needs.filter((path) => path !== 'id'),
      )
      return paths.length > 0 ? [{ field, paths }] : []
    }
    if (field === 'id' || !knownPaths(entity).has(field)) return []
    return !entity.leaves.has(field) && isObjectType(inner)
      ? fieldsOf(entity, inner, `${field}.`)
      : [{ field, paths: fieldSet(entity, [field]).paths }]
  })
}

/**
 * The fields of a type that the contract has, as far as they show what is mapped, each with the paths that it is read by;
 * those of embedded objects and of lists of objects one by one. The id is left out, which every read brings along; so are
 * other records, of which each is covered by its own type.
 */
export function contractFields(schema: GraphQLSchema, entity: Entity): ContractField[] {
  const type = schema.getType(entity.name)
  return isObjectType(type) ? fieldsOf(entity, type, '') : []
}
