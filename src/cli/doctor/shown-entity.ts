import { type GraphQLNamedType, isObjectType } from 'graphql'
import type { Entity } from '../../entity/entity.ts'

/** The entity whose records a type shows, by itself or in pages; null where it shows none. */
export function shownEntity(type: GraphQLNamedType | null | undefined, entities: readonly Entity[]): Entity | null {
  if (!isObjectType(type)) return null
  const isOf = ({ name }: Entity): boolean => type.name === name || type.name === `${name}Connection`
  return type.extensions.entity ?? entities.find(isOf) ?? null
}
