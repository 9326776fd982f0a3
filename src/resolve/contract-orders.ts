import {
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isObjectType,
} from 'graphql'
import type { Entity } from '../entity/entity.ts'
import type { AskedOrder, OrderKey } from '../query/order.ts'
import { pagedEntity } from './shown-types.ts'

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /** The records that the field shows of each parent, by their types. */
    readonly children?: readonly ChildrenShown[]
    /** The types of which the field shows one record, that the parent refers to. */
    readonly refersTo?: readonly Entity[]
  }
}

/** Those whose field `by` has a value of the parent, in an order. */
interface ChildrenShown {
  readonly entity: Entity
  readonly by: string
  readonly order: readonly OrderKey[]
}

/** The keys that clients may order by: an `orderBy` argument takes inputs with an enumeration `field`, of record paths. */
function chosenOrders(entity: Entity, field: GraphQLField<unknown, unknown>): AskedOrder[] {
  const orderBy = field.args.find(({ name }) => name === 'orderBy')
  const input = orderBy && getNamedType(orderBy.type)
  if (!isInputObjectType(input)) return []
  const by = getNamedType(input.getFields()['field']?.type)
  if (!isEnumType(by)) return []
  const paths = by.getValues().map(({ value }) => String(value))
  const known = paths.filter((path) => entity.leaves.has(path) || entity.jsonPaths.has(path))
  return known.map((path) => ({ because: `order by ${path}`, by: null, keys: [{ path, direction: 'asc' }] }))
}

/**
 * The orders that clients may ask for, by entity: those of lists, which are connections named for an entity or pages that
 * say whose they are, and those of the children of a record. Resolvers that call `loadChildren` themselves are not seen.
 */
export function contractOrders(
  schema: GraphQLSchema,
  entities: readonly Entity[],
): ReadonlyMap<string, readonly AskedOrder[]> {
  const orders = new Map<string, Map<string, AskedOrder>>()
  const add = ({ name }: Entity, order: AskedOrder): void => {
    const key = JSON.stringify([order.by, order.keys])
    const known = orders.get(name) ?? new Map<string, AskedOrder>()
    if (!known.has(key)) known.set(key, order)
    orders.set(name, known)
  }
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue
    for (const field of Object.values(type.getFields())) {
      const { children, page } = field.extensions
      const entity = pagedEntity(getNamedType(field.type), entities) ?? page?.entity
      for (const each of page?.entities ?? (entity ? [entity] : []))
        for (const order of chosenOrders(each, field)) add(each, order)
      for (const { entity: child, by, order } of children ?? [])
        add(child, { because: `${type.name}.${field.name}`, by, keys: order })
    }
  }
  return new Map([...orders].map(([name, found]) => [name, [...found.values()]]))
}
