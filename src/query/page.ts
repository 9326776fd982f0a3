import type { Entity } from '../entity/entity.ts'
import { CrossfadeError } from '../util/errors.ts'
import { decodeCursor } from './cursor.ts'
import { between } from './keyset.ts'
import { type OrderKey, reversed, totalOrder } from './order.ts'
import type { Where } from './where.ts'

/** Relay's page arguments, as the client gave them: `first` or `last` records, within the bounds of the field. */
export interface PageArgs {
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
  readonly last?: number | null | undefined
  readonly before?: string | null | undefined
}

/** What the pages of a field may hold. */
export interface PageBounds {
  /** Records where the client does not say how many. */
  readonly size: number
  /** Records at most: who asks for more is refused. */
  readonly max: number
  /** Records that may be left out before a page, where pages are asked for by number or offset: a store reads all of them. */
  readonly maxOffset: number
}

export const defaultBounds: PageBounds = { size: 20, max: 100, maxOffset: 10_000 }

/** Where records are paged below each of many parents: what stands before a page is read for each, a hundred times maybe. */
export const maxOffsetBelow = 1_000

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
  /** Records of the order that are left out before. */
  readonly offset: number
  readonly size: number
  readonly limit: number
  readonly backward: boolean
  readonly hasAfter: boolean
  readonly hasBefore: boolean
}

/** A whole number in a range. @throws BAD_USER_INPUT */
export function within(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new CrossfadeError('BAD_USER_INPUT', `${name} must be between ${least} and ${most}, got ${value}.`)
}

function sizeOf({ first, last }: PageArgs, { size, max }: PageBounds): number {
  if (typeof first === 'number' && typeof last === 'number') {
    throw new CrossfadeError('BAD_USER_INPUT', 'Give first or last, not both.')
  }
  return within(last == null ? 'first' : 'last', first ?? last ?? size, 0, max)
}

/** Turns page arguments into a keyset query. @throws BAD_USER_INPUT for sizes, orders and cursors that do not fit. */
export function planPage(
  entity: Entity,
  where: Where,
  order: readonly OrderKey[],
  args: PageArgs,
  bounds: PageBounds = defaultBounds,
): PagePlan {
  const size = sizeOf(args, bounds)
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
    ranges: backward
      ? between(entity, reverse, shownOrder, before, after)
      : between(entity, shownOrder, reverse, after, before),
    order: backward ? reverse : shownOrder,
    shownOrder,
    offset: 0,
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
