import type { GraphQLField, GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { defaultBounds, type PageBounds } from '../query/page.ts'
import type { EarlierCursors } from './cursor-place.ts'

/** Arguments of a page, by the contract's names: a limit, and an offset or a page's number, which counts from 1. */
export type PageNames =
  | { readonly limit: string; readonly offset: string }
  | { readonly limit: string; readonly page: string }

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /**
     * Of a field that shows records in pages: what a page may hold, where that is not the default, which `loadConnection`,
     * `loadChildren` and `loadPage` keep to and costs are counted by; and the entity, or the entities of `loadMerged`, where
     * the field's type does not tell; `cursor`, which reads cursors of an earlier API; and `args`, the names of the numbers
     * of a page, where a limit is not called `limit`, `first` or the like, what stands before it not `offset` or `skip`, and
     * its number not `page`.
     */
    readonly page?: Partial<PageBounds> & {
      readonly entity?: Entity
      readonly entities?: readonly Entity[]
      readonly cursor?: EarlierCursors
      readonly args?: PageNames
    }
  }
}

/** What the pages of a field may hold. */
export const boundsOf = ({ extensions: { page } }: Pick<GraphQLField<unknown, unknown>, 'extensions'>): PageBounds =>
  page
    ? { ...defaultBounds, size: Math.min(defaultBounds.size, page.max ?? defaultBounds.max), ...page }
    : defaultBounds

/** The same of the present field. */
export const boundsHere = ({ parentType, fieldName }: GraphQLResolveInfo): PageBounds =>
  boundsOf(parentType.getFields()[fieldName]!)

/** What reads cursors of an earlier API in the present field. */
export const cursorsHere = ({ parentType, fieldName }: GraphQLResolveInfo): EarlierCursors | undefined =>
  parentType.getFields()[fieldName]!.extensions.page?.cursor
