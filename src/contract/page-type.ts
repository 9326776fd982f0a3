import type { Entity } from '../entity/entity.ts'
import type { Narrow } from '../entity/record.ts'
import type { OffsetPage } from '../resolve/offset-page.ts'
import type { Builder, FieldBuilder, Ref } from './builder.ts'
import type { NodeRef } from './connection-type.ts'
import { type As, entityTypeOf } from './entity-type.ts'

/** What a page can show, by the names that `OffsetPage` has. */
type Member = keyof OffsetPage

/** A page as an object of the contract. */
export interface PageShape {
  readonly name: string
  readonly description?: string
  /** What it shows, each by the contract's name: `{ items: 'movies', totalCount: 'total', hasNextPage: 'hasMore' }`. */
  readonly fields: { readonly [M in Member]?: string }
}

/** A page of an entity's records. */
export interface PageTypeOptions<E extends Entity> extends As<E>, PageShape {}

/** How each is shown: by what is read, or what is known of the page. */
const shown = {
  totalCount: (t) => t.int({ ...known('totalCount'), resolve: ({ totalCount }) => totalCount() }),
  pageCount: (t) => t.int({ ...known('pageCount'), resolve: ({ pageCount }) => pageCount() }),
  hasNextPage: (t) => t.boolean({ ...known('hasNextPage'), resolve: ({ hasNextPage }) => hasNextPage() }),
  hasPreviousPage: (t) =>
    t.boolean({ ...known('hasPreviousPage'), resolve: ({ hasPreviousPage }) => hasPreviousPage() }),
  offset: (t) => t.int({ ...known('offset'), resolve: ({ offset }) => offset }),
  limit: (t) => t.int({ ...known('limit'), resolve: ({ limit }) => limit }),
  page: (t) => t.int({ ...known('page'), resolve: ({ page }) => page }),
} satisfies Record<Exclude<Member, 'items'>, (t: FieldBuilder<OffsetPage>) => unknown>

function known(member: Member) {
  return { nullable: false, extensions: { member } } as const
}

/**
 * An object type for pages by offset or number, with the contract's names:
 * `pageType(builder, Movie, { name: 'MovieList', fields: { items: 'movies', totalCount: 'total' } })`.
 *
 * @throws MISCONFIGURED where `entityType` has not made the entity's object type.
 */
export function pageType<E extends Entity>(
  builder: Builder,
  entity: E,
  { as, ...shape }: PageTypeOptions<E>,
): Ref<OffsetPage<Narrow<E>>> {
  return made(builder, entity, entityTypeOf(builder, entity, as), shape)
}

/** The same of an interface or a union, whose records are of several types: what `loadMergedPage` resolves to. */
export const mergedPageType = <T>(builder: Builder, node: NodeRef<T>, shape: PageShape): Ref<OffsetPage<T>> =>
  made(builder, null, node, shape)

function made<T>(
  builder: Builder,
  entity: Entity | null,
  node: NodeRef<T>,
  { name, description, fields }: PageShape,
): Ref<OffsetPage<T>> {
  const ref = builder.objectRef<OffsetPage<T>>(name)
  const { items, ...others } = fields
  builder.objectType(ref, {
    ...(description === undefined ? {} : { description }),
    extensions: { pageOf: entity },
    fields: (t) => ({
      ...(items === undefined
        ? {}
        : { [items]: t.field({ ...known('items'), type: [node], resolve: (page) => page.items() as never }) }),
      ...Object.fromEntries(
        Object.entries(others).map(([member, as]) => [as, shown[member as keyof typeof shown](t as never)]),
      ),
    }),
  })
  return ref
}
