import type { Entity } from '../entity/entity.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { OrderKey } from './order.ts'
import { type PageBounds, type PagePlan, planPage, within } from './page.ts'
import type { Where } from './where.ts'

/** A page by how many records stand before it, or by its number, which counts from 1. */
export interface OffsetArgs {
  readonly limit?: number | null | undefined
  readonly offset?: number | null | undefined
  readonly page?: number | null | undefined
}

/** What clients call these arguments, for what they are told. */
export type OffsetNames = Readonly<Record<keyof OffsetArgs, string>>

const ownNames: OffsetNames = { limit: 'limit', offset: 'offset', page: 'page' }

/**
 * Turns a limit with an offset or a page number into a query. Records that come or go before a page move what is on it,
 * as they do in any API with offsets.
 *
 * @throws BAD_USER_INPUT for numbers out of bounds, and orders that do not fit.
 */
export function planOffset(
  entity: Entity,
  where: Where,
  order: readonly OrderKey[],
  { limit, offset, page }: OffsetArgs,
  bounds: PageBounds,
  names: OffsetNames = ownNames,
): PagePlan {
  const { maxOffset } = bounds
  if (offset != null && page != null)
    throw new CrossfadeError('BAD_USER_INPUT', `Give ${names.offset} or ${names.page}, not both.`)
  const size = within(names.limit, limit ?? bounds.size, 0, bounds.max)
  const before =
    page == null
      ? within(names.offset, offset ?? 0, 0, maxOffset)
      : size * (within(names.page, page, 1, Math.floor(maxOffset / Math.max(1, size)) + 1) - 1)
  return { ...planPage(entity, where, order, { first: size }, bounds), offset: before, hasAfter: before > 0 }
}
