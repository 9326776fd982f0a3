import type { Entity } from '../entity/entity.ts'
import type { Narrow } from '../entity/record.ts'
import type { Connection } from '../resolve/connection.ts'
import { onceFor } from '../util/once-for.ts'
import type { Builder, Ref } from './builder.ts'
import { entityTypeOf } from './entity-type.ts'

interface Edge {
  readonly connection: Connection<unknown>
  readonly index: number
}

const pageInfoType = onceFor((builder: Builder): Ref<Connection<unknown>> => {
  const ref = builder.objectRef<Connection<unknown>>('PageInfo')
  builder.objectType(ref, {
    fields: (t) => ({
      hasNextPage: t.boolean({ nullable: false, resolve: ({ page }) => page.hasNextPage }),
      hasPreviousPage: t.boolean({ nullable: false, resolve: ({ page }) => page.hasPreviousPage }),
      startCursor: t.string({ resolve: ({ page, cursorAt }) => (page.items.length > 0 ? cursorAt(0) : null) }),
      endCursor: t.string({
        resolve: ({ page, cursorAt }) => (page.items.length > 0 ? cursorAt(page.items.length - 1) : null),
      }),
    }),
  })
  return ref
})

const made = onceFor((_builder: Builder) => new Map<Entity, Ref<Connection<never>>>())

/**
 * `<Name>Connection` with its edge type, as Relay has it, and a total count; made once for an entity, when it is first
 * asked for. `connection` and `children` ask for it; a field of your own names it as its type.
 *
 * @throws MISCONFIGURED where `entityType` has not made the entity's object type.
 */
export function connectionType<E extends Entity>(builder: Builder, entity: E): Ref<Connection<Narrow<E>>> {
  const earlier = made(builder).get(entity)
  if (earlier) return earlier as unknown as Ref<Connection<Narrow<E>>> // kept by the entity that it was made for
  const node = entityTypeOf(builder, entity)
  const edge = builder.objectRef<Edge>(`${entity.name}Edge`)
  builder.objectType(edge, {
    fields: (t) => ({
      // Made only where it is selected: order keys are read only then
      cursor: t.string({ nullable: false, resolve: ({ connection, index }) => connection.cursorAt(index) }),
      node: t.field({
        type: node,
        nullable: false,
        // Pothos' own type of a result needs to know the entity; `load…` returns nothing else
        resolve: ({ connection, index }) => connection.page.items[index] as never,
      }),
    }),
  })
  const ref = builder.objectRef<Connection<Narrow<E>>>(`${entity.name}Connection`)
  builder.objectType(ref, {
    fields: (t) => ({
      edges: t.field({
        type: [edge],
        nullable: false,
        resolve: (connection) => connection.page.items.map((_, index) => ({ connection, index })),
      }),
      pageInfo: t.field({ type: pageInfoType(builder), nullable: false, resolve: (connection) => connection }),
      totalCount: t.int({ nullable: false, resolve: ({ totalCount }) => totalCount() }),
    }),
  })
  made(builder).set(entity, ref as unknown as Ref<Connection<never>>)
  return ref
}
