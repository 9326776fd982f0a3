import type { FieldKind } from '@pothos/core'
import type { Entity } from '../entity/entity.ts'
import type { Narrow } from '../entity/record.ts'
import { checkMerged } from '../query/merged-page.ts'
import { maxOffsetBelow, type PageBounds } from '../query/page.ts'
import type { Among } from '../resolve/among.ts'
import { loadMergedPage } from '../resolve/load-merged-page.ts'
import type { OffsetPage } from '../resolve/offset-page.ts'
import type { PageNames } from '../resolve/page-bounds.ts'
import type { Ref } from './builder.ts'
import type { NodeRef } from './connection-type.ts'
import { type FieldsOf, type Made, objectFields, pageOf, type Told } from './field.ts'
import { type Listed, listArgs } from './list-args.ts'
import { listedTypes } from './merged-field.ts'
import type { OrderNames } from './order-type.ts'
import { pagedField, pageNumbers } from './page-field.ts'

/** Which types a list is of, what it can be asked, and how it is paged by offset. */
export type MergedPageOptions<E extends Entity, O extends Entity, N extends OrderNames<O>> = Told &
  Partial<PageBounds> &
  Pick<Among, 'unscoped'> &
  Listed<O, N> & {
    /** Default `{ limit: 'limit', offset: 'offset' }`. */
    readonly args?: PageNames
  } & (
    | {
        /** What `mergedPageType` made. */
        readonly type: Ref<OffsetPage<Narrow<E>>>
      }
    | {
        /** The interface or union of a plain list. */
        readonly of: NodeRef<Narrow<E>>
      }
  )

/**
 * The list of the records of several types in one order, in pages by offset or number; otherwise as `mergedConnection`. Both
 * what stands before a page and the page itself are read of each type, so that a page stands behind 1,000 records at most
 * (`maxOffset`).
 *
 * @throws MISCONFIGURED for a field of filter or order that one of the types lacks, or has as another kind.
 */
export function mergedPage<
  Parent,
  Kind extends FieldKind,
  E extends Entity,
  O extends Entity,
  const N extends OrderNames<O>,
>(t: FieldsOf<Parent, Kind>, entities: readonly E[], options: MergedPageOptions<E, O, N>): Made {
  const { args: own, filter, orderBy, defaultOrder, size, max, maxOffset = maxOffsetBelow, unscoped, ...more } = options
  const { type, of, ...told } = { type: undefined, of: undefined, ...more }
  checkMerged(entities, [...(filter?.paths ?? []), ...(orderBy?.paths ?? [])])
  const fields = objectFields(t)
  const { args, whereOf, orderOf } = listArgs(fields, options)
  const { named, names, args: numbers, numbersOf } = pageNumbers(fields, own)
  const shared = {
    ...told,
    nullable: false as const,
    extensions: {
      ...told.extensions,
      page: { ...pageOf(entities[0]!, { size, max, maxOffset, args: named }).page, entities },
    },
    args: { ...args, ...numbers },
  }
  return pagedField(fields, shared, type, {
    node: () => of!,
    load(_, given, context, info) {
      const types = listedTypes(entities, whereOf(given), unscoped)
      return loadMergedPage(context, info, types, orderOf(given), numbersOf(given), { names })
    },
  })
}
