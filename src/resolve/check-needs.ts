import { defaultFieldResolver, type GraphQLObjectType, type GraphQLSchema, getNamedType, isObjectType } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { knownPaths } from '../entity/field-set.ts'
import { didYouMean } from '../util/did-you-mean.ts'
import { CrossfadeError } from '../util/errors.ts'
import { memberOf, typesOf } from './shown-types.ts'

/** What a field of an entity's object type would read, and could not. @param shown gets the types that show of the entity. */
function faults(entity: Entity, type: GraphQLObjectType, prefix: string, shown: Set<GraphQLObjectType>): string[] {
  shown.add(type)
  const paths = knownPaths(entity)
  return Object.values(type.getFields()).flatMap((field): string[] => {
    const member = memberOf(field)
    const path = prefix + member
    const place = `${type.name}.${field.name}`
    const { needs } = field.extensions
    if (needs) {
      const unknown = needs.filter((need) => need !== 'id' && !paths.has(need) && !entity.jsonPaths.has(need))
      return unknown.map((need) => {
        // Paths are from the record, also in the type of an object inside of it
        const inside = prefix + need
        const hint = paths.has(inside) ? ` Did you mean "${inside}"?` : didYouMean(need, paths)
        return `${place} needs "${need}", which is no field of ${entity.name}.${hint}`
      })
    }
    if (member !== field.name && (field.resolve ?? defaultFieldResolver) === defaultFieldResolver) {
      const text = `${place} shows ${path}, and has no resolver, so that it would be null`
      return [`${text}: give it one, as (record) => record.${member}.`]
    }
    if (path === 'id') return []
    if (!paths.has(path)) {
      const text = `${place} is no field of the mapping of ${entity.name}, and does not say what it reads of the record`
      const none = prefix === '' ? ', or `needs: []` where it reads the id alone' : ''
      return [`${text}: give it \`extensions: { needs: ['${prefix}…'] }\`${none}.`]
    }
    const inner = getNamedType(field.type)
    return isObjectType(inner) && !entity.leaves.has(path) ? faults(entity, inner, `${path}.`, shown) : []
  })
}

/** Fields that say what they read of a record, of types that show none: an edge, or a page. Nothing would read it for them. */
function strays(type: GraphQLObjectType): string[] {
  const fields = Object.values(type.getFields()).filter(({ extensions }) => extensions.needs)
  return fields.map(({ name }) => {
    const text = `${type.name}.${name} says what it reads of a record, and ${type.name} shows none: nothing would be read for it`
    return `${text}. Say it where the list is loaded, as \`loadConnection(…, { reading: ['…'] })\`.`
  })
}

/**
 * Records hold what was selected and no more: a field that the mapping does not have and that does not say what it
 * needs would silently read nothing.
 *
 * @throws CrossfadeError MISCONFIGURED that names each such field of the entities' types, and those of other types that say so.
 */
export function checkNeeds(schema: GraphQLSchema, entities: readonly Entity[]): void {
  const shown = new Set<GraphQLObjectType>()
  const faulty = entities.flatMap((entity) =>
    typesOf(schema, entity).flatMap((type) => faults(entity, type, '', shown)),
  )
  const others = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) && !shown.has(type))
  const found = [...faulty, ...others.flatMap((type) => strays(type as GraphQLObjectType))]
  if (found.length > 0) throw new CrossfadeError('MISCONFIGURED', [...new Set(found)].join('\n'))
}
