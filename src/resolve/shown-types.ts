import {
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  isObjectType,
} from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { onceFor } from '../util/once-for.ts'

declare module 'graphql' {
  interface GraphQLObjectTypeExtensions<_TSource, _TContext> {
    /** The entity whose records the type shows; default: the one of the type's name. */
    readonly entity?: Entity
    /** The entity whose records the type shows in pages, null where they are of several; default: that of `<Name>Connection`. */
    readonly pageOf?: Entity | null
  }
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /** The member of the record, or of the object in it, that the field shows; default: the one of the field's name. */
    readonly member?: string
  }
}

/** The member of a record, or of an object in it, that a field shows where it does not say what it needs. */
export const memberOf = ({ name, extensions }: GraphQLField<unknown, unknown>): string => extensions.member ?? name

/** By name: a schema may be asked about another object of the same mapping, as a job has it. */
const isOf = (type: GraphQLObjectType, { name }: Entity): boolean =>
  (type.extensions.entity?.name ?? type.name) === name

const typesBy = onceFor((schema: GraphQLSchema) =>
  onceFor(
    (entity: Entity): readonly GraphQLObjectType[] =>
      Object.values(schema.getTypeMap()).filter(
        (type) => isObjectType(type) && isOf(type, entity),
      ) as GraphQLObjectType[],
  ),
)

/** The object types that show an entity, each with fields and names of its own. */
export const typesOf = (schema: GraphQLSchema, entity: Entity): readonly GraphQLObjectType[] => typesBy(schema)(entity)

/** Whether values of a type are records of the entity: a type of its own, or an interface or union of such a type. */
export function showsEntity(schema: GraphQLSchema, type: GraphQLNamedType | undefined, entity: Entity): boolean {
  if (isObjectType(type)) return isOf(type, entity)
  return isAbstractType(type) && schema.getPossibleTypes(type).some((each) => isOf(each, entity))
}

/** The entity whose records an object type shows, each by itself; null where it shows none. */
export const entityOf = (type: GraphQLNamedType, entities: readonly Entity[]): Entity | null =>
  (isObjectType(type) && entities.find((entity) => isOf(type, entity))) || null

/** The entity whose records a type shows in pages; null where it shows none. */
export function pagedEntity(type: GraphQLNamedType, entities: readonly Entity[]): Entity | null {
  const pageOf = isObjectType(type) ? type.extensions.pageOf : undefined
  const isOfPage = ({ name }: Entity): boolean =>
    pageOf === undefined ? type.name === `${name}Connection` : pageOf?.name === name
  return entities.find(isOfPage) ?? null
}
