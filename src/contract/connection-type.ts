import type { Connection, Edge, PageInfo } from '../resolve/connection.ts'
import { onceFor } from '../util/once-for.ts'
import type { Builder, Ref } from './builder.ts'

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

/** `<Name>Connection` with its edge type, as Relay has it, and a total count. */
export function connectionType<T>(builder: Builder, name: string, node: Ref<T>): Ref<Connection> {
  const edge = builder.objectRef<Edge>(`${name}Edge`)
  builder.objectType(edge, {
    fields: (t) => ({
      // Made only where it is selected: order keys are read only then
      cursor: t.string({ nullable: false, resolve: ({ cursor }) => cursor() }),
      node: t.field({ type: node, nullable: false, resolve: (parent) => parent.node as never }),
    }),
  })
  const ref = builder.objectRef<Connection>(`${name}Connection`)
  builder.objectType(ref, {
    fields: (t) => ({
      edges: t.field({ type: [edge], nullable: false, resolve: ({ edges }) => edges() }),
      pageInfo: t.field({ type: pageInfoType(builder), nullable: false, resolve: ({ pageInfo }) => pageInfo() }),
      totalCount: t.int({ nullable: false, resolve: ({ totalCount }) => totalCount() }),
    }),
  })
  return ref
}
