import { type GraphQLObjectType, type GraphQLSchema, getNamedType, isLeafType, isObjectType } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { fieldSet, knownPaths } from '../entity/field-set.ts'
import type { ContractField } from '../shadow/field-coverage.ts'
import { memberOf, typesOf } from './shown-types.ts'

/** @param shown leads to the type in the contract's names, `prefix` in those of the record. */
function fieldsOf(entity: Entity, type: GraphQLObjectType, shown: string, prefix: string): ContractField[] {
  return Object.values(type.getFields()).flatMap((definition): ContractField[] => {
    const field = shown + definition.name
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
    const path = prefix + memberOf(definition)
    if (path === 'id' || !knownPaths(entity).has(path)) return []
    return !entity.leaves.has(path) && isObjectType(inner)
      ? fieldsOf(entity, inner, `${field}.`, `${path}.`)
      : [{ field, paths: fieldSet(entity, [path]).paths }]
  })
}

/**
 * The fields of a type that the contract has, as far as they show what is mapped, each with the paths that it is read by;
 * those of embedded objects and of lists of objects one by one. The id is left out, which every read brings along; so are
 * other records, of which each is covered by its own type.
 */
export function contractFields(schema: GraphQLSchema, entity: Entity): ContractField[] {
  const paths = new Map<string, Set<string>>()
  for (const type of typesOf(schema, entity))
    for (const { field, paths: read } of fieldsOf(entity, type, '', ''))
      paths.set(field, new Set([...(paths.get(field) ?? []), ...read]))
  return [...paths].map(([field, read]) => ({ field, paths: [...read] }))
}
