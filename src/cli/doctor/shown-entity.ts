import { type GraphQLNamedType, isObjectType } from 'graphql'
import type { Entity } from '../../entity/entity.ts'
import { entityOf, pagedEntity } from '../../resolve/shown-types.ts'

/** The entity whose records a type shows, by itself or in pages; null where it shows none. */
export const shownEntity = (type: GraphQLNamedType | null | undefined, entities: readonly Entity[]): Entity | null =>
  isObjectType(type) ? (entityOf(type, entities) ?? pagedEntity(type, entities)) : null
