import type { Rec } from '../entity/entity.ts'
import type { Connection } from '../resolve/connection.ts'
import type { Builder, Ref } from './builder.ts'

interface Edge {
  readonly record: Rec
  readonly cursorOf: Connection['cursorOf']
}

const pageInfos = new WeakMap<Builder, Ref<Connection>>()

function pageInfoType(builder: Builder): Ref<Connection> {
  const earlier = pageInfos.get(builder)
  if (earlier) return earlier
  const ref = builder.objectRef<Connection>('PageInfo')
  pageInfos.set(builder, ref)
  const cursor = (connection: Connection, index: number): string | null => {
    const record = connection.page.items.at(index)
    return record ? connection.cursorOf(record) : null
  }
  builder.objectType(ref, {
    fields: (t) => ({
      hasNextPage: t.boolean({ nullable: false, resolve: ({ page }) => page.hasNextPage }),
      hasPreviousPage: t.boolean({ nullable: false, resolve: ({ page }) => page.hasPreviousPage }),
      startCursor: t.string({ resolve: (connection) => cursor(connection, 0) }),
      endCursor: t.string({ resolve: (connection) => cursor(connection, -1) }),
    }),
  })
  return ref
}

/** `<Name>Connection` with its edge type, as Relay has it, and a total count. */
export function connectionType<T>(builder: Builder, name: string, node: Ref<T>): Ref<Connection> {
  const edge = builder.objectRef<Edge>(`${name}Edge`)
  builder.objectType(edge, {
    fields: (t) => ({
      // Made only where it is selected: order keys are read only then
      cursor: t.string({ nullable: false, resolve: ({ record, cursorOf }) => cursorOf(record) }),
      node: t.field({ type: node, nullable: false, resolve: ({ record }) => record as never }),
    }),
  })
  const ref = builder.objectRef<Connection>(`${name}Connection`)
  builder.objectType(ref, {
    fields: (t) => ({
      edges: t.field({
        type: [edge],
        nullable: false,
        resolve: ({ page, cursorOf }) => page.items.map((record) => ({ record, cursorOf })),
      }),
      pageInfo: t.field({ type: pageInfoType(builder), nullable: false, resolve: (connection) => connection }),
      totalCount: t.int({ nullable: false, resolve: ({ totalCount }) => totalCount() }),
    }),
  })
  return ref
}
