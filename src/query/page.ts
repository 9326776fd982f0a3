import type { Entity } from '../entity/entity.ts'
import { CrossfadeError } from '../util/errors.ts'
import { decodeCursor } from './cursor.ts'
import { between } from './keyset.ts'
import { type OrderKey, reversed, totalOrder } from './order.ts'
import type { Where } from './where.ts'

/** Relay's page arguments, as the client gave them: `first` or `last` records, at most 100, and 20 where neither is given. */
export interface PageArgs {
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
  readonly last?: number | null | undefined
  readonly before?: string | null | undefined
}

export const defaultPageSize = 20
export const maxPageSize = 100
/** MongoDB sorts by 32 keys at most, of which the id is one. */
const maxOrderKeys = 31

/** One page as a store is asked for it: `limit` is one more than the page, to see whether something follows. */
export interface PagePlan {
  readonly where: Where
  /** What the cursors leave of the order: consecutive ranges of it. */
  readonly ranges: readonly Where[]
  readonly order: readonly OrderKey[]
  /** The order that the reply has, and that its cursors are made with. */
  readonly shownOrder: readonly OrderKey[]
  readonly size: number
  readonly limit: number
  readonly backward: boolean
  readonly hasAfter: boolean
  readonly hasBefore: boolean
}

function sizeOf(args: PageArgs): number {
  const { first, last } = args
  if (typeof first === 'number' && typeof last === 'number') {
    throw new CrossfadeError('BAD_USER_INPUT', 'Give first or last, not both.')
  }
  const size = first ?? last ?? defaultPageSize
  if (size < 0 || size > maxPageSize) {
    throw new CrossfadeError(
      'BAD_USER_INPUT',
      `${last == null ? 'first' : 'last'} must be between 0 and ${maxPageSize}, got ${size}.`,
    )
  }
  return size
}

/** Turns page arguments into a keyset query. @throws BAD_USER_INPUT for sizes, orders and cursors that do not fit. */
export function planPage(entity: Entity, where: Where, order: readonly OrderKey[], args: PageArgs): PagePlan {
  const size = sizeOf(args)
  if (order.length > maxOrderKeys) {
    const text = `The order must have at most ${maxOrderKeys} keys, got ${order.length}.`
    throw new CrossfadeError('BAD_USER_INPUT', text)
  }
  const shownOrder = totalOrder(entity, order)
  const backward = typeof args.last === 'number'
  const position = (cursor: string | null | undefined): readonly unknown[] | null =>
    cursor == null ? null : decodeCursor(entity, shownOrder, cursor)
  const [after, before] = [position(args.after), position(args.before)]
  const reverse = reversed(shownOrder)
  return {
    where,
    ranges: backward ? between(reverse, shownOrder, before, after) : between(shownOrder, reverse, after, before),
    order: backward ? reverse : shownOrder,
    shownOrder,
    size,
    limit: size + 1,
    backward,
    hasAfter: args.after != null,
    hasBefore: args.before != null,
  }
}

/** A page in the order that the client sees. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
}

/** Cuts what a store returned for a plan to the page itself. */
export function cutPage<T>(plan: PagePlan, found: readonly T[]): Page<T> {
  const more = found.length > plan.size
  const items = found.slice(0, plan.size)
  if (plan.backward) items.reverse()
  return {
    items,
    hasNextPage: plan.backward ? plan.hasBefore : more,
    hasPreviousPage: plan.backward ? more : plan.hasAfter,
  }
}
