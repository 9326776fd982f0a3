import type { InterfaceRef, UnionRef } from '@pothos/core'
import type { Entity } from '../entity/entity.ts'
import type { Narrow } from '../entity/record.ts'
import type { Connection, Edge, PageInfo } from '../resolve/connection.ts'
import { onceFor } from '../util/once-for.ts'
import type { Builder, Ref, SchemaTypesOf } from './builder.ts'
import { type As, entityTypeOf } from './entity-type.ts'

const pageInfoType = onceFor((builder: Builder): Ref<PageInfo> => {
  const ref = builder.objectRef<PageInfo>('PageInfo')
  builder.objectType(ref, {
    fields: (t) => ({
      hasNextPage: t.exposeBoolean('hasNextPage', { nullable: false }),
      hasPreviousPage: t.exposeBoolean('hasPreviousPage', { nullable: false }),
      startCursor: t.string({ resolve: ({ startCursor }) => startCursor() }),
      endCursor: t.string({ resolve: ({ endCursor }) => endCursor() }),
    }),
  })
  return ref
})

/** By the type of the records, which is of one builder. */
const made = new WeakMap<object, unknown>()

/** What stands for records: an object type, or an interface or union of such. */
export type NodeRef<T> = Ref<T> | InterfaceRef<SchemaTypesOf, T> | UnionRef<SchemaTypesOf, T>

/** @param entity of the records; null where they are of several. */
function make<T>(builder: Builder, entity: Entity | null, node: NodeRef<T>): Ref<Connection<T>> {
  const edge = builder.objectRef<Edge<T>>(`${node.name}Edge`)
  builder.objectType(edge, {
    fields: (t) => ({
      // Made only where it is selected: order keys are read only then
      cursor: t.string({ nullable: false, resolve: ({ cursor }) => cursor() }),
      // Pothos cannot work out the result's type of a generic entity
      node: t.field({ type: node, nullable: false, resolve: (parent) => parent.node as never }),
    }),
  })
  const ref = builder.objectRef<Connection<T>>(`${node.name}Connection`)
  builder.objectType(ref, {
    extensions: entity ? { pageOf: entity } : {},
    fields: (t) => ({
      edges: t.field({ type: [edge], nullable: false, resolve: ({ edges }) => edges() }),
      pageInfo: t.field({ type: pageInfoType(builder), nullable: false, resolve: ({ pageInfo }) => pageInfo() }),
      totalCount: t.int({ nullable: false, resolve: ({ totalCount }) => totalCount() }),
    }),
  })
  return ref
}

/**
 * `<Name>Connection` with its edge type, as Relay has it, and a total count; made once for an object type, when it is
 * first asked for. `connection` and `children` ask for it; a field of your own names it as its type.
 *
 * @throws MISCONFIGURED where `entityType` has not made the entity's object type.
 */
export const connectionType = <E extends Entity>(
  builder: Builder,
  entity: E,
  { as }: As<E> = {},
): Ref<Connection<Narrow<E>>> => {
  return madeFor(builder, entity, entityTypeOf(builder, entity, as))
}

function madeFor<T>(builder: Builder, entity: Entity | null, node: NodeRef<T>): Ref<Connection<T>> {
  const ref = made.get(node) ?? make(builder, entity, node)
  made.set(node, ref)
  return ref as Ref<Connection<T>> // kept by the type that it was made for
}

/** The same of an interface or a union, whose records are of several types: what `loadMerged` resolves to. */
export const mergedConnectionType = <T>(builder: Builder, node: NodeRef<T>): Ref<Connection<T>> =>
  madeFor(builder, null, node)
