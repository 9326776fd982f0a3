import { type GraphQLSchema, getNamedType, isEnumType, isInputObjectType, isObjectType } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import type { OrderKey } from '../query/order.ts'

/**
 * The orders that clients may ask for: an `orderBy` argument takes inputs with an enumeration `field`, whose values are
 * record paths of the entity that the connection is named for.
 */
export function contractOrders(
  schema: GraphQLSchema,
  entities: readonly Entity[],
): ReadonlyMap<string, readonly OrderKey[]> {
  const orders = new Map<string, OrderKey[]>()
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue
    for (const field of Object.values(type.getFields())) {
      const orderBy = field.args.find(({ name }) => name === 'orderBy')
      const input = orderBy && getNamedType(orderBy.type)
      const entity = entities.find(({ name }) => `${name}Connection` === getNamedType(field.type).name)
      if (!entity || !isInputObjectType(input)) continue
      const by = getNamedType(input.getFields()['field']?.type)
      if (!isEnumType(by)) continue
      const paths = by.getValues().map(({ value }) => String(value))
      const known = paths.filter((path) => entity.leaves.has(path) || entity.jsonPaths.has(path))
      orders.set(
        entity.name,
        known.map((path) => ({ path, direction: 'asc' })),
      )
    }
  }
  return orders
}
