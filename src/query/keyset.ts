import type { OrderKey } from './order.ts'
import { allOf, everything, type Where } from './where.ts'

const isNull = (path: string): Where => ({ op: 'eq', path, value: null })

/** What lies strictly behind `value` in one key's order, in this order; null is the lowest value. An id is never null. */
function behind({ path, direction }: OrderKey, value: unknown): readonly Where[] {
  if (direction === 'asc') return value === null ? [{ op: 'not', of: isNull(path) }] : [{ op: 'gt', path, value }]
  if (value === null) return []
  const below: Where = { op: 'lt', path, value }
  return path === 'id' ? [below] : [below, isNull(path)]
}

/**
 * The records behind a position in a total order, as consecutive ranges of it, each of which an index on its keys can
 * seek: first those that are equal in all keys but the last, at the end those that differ in the first. One condition
 * for them all has no beginning in an index, and reads everything before the position. Said in the query AST, so that
 * neither store has a pager of its own.
 */
export function keyset(order: readonly OrderKey[], values: readonly unknown[]): readonly Where[] {
  return order
    .map((key, index) => {
      const equal = order.slice(0, index).map(({ path }, i): Where => ({ op: 'eq', path, value: values[i] }))
      return behind(key, values[index]).map((last) => allOf(...equal, last))
    })
    .reverse()
    .flat()
}

/**
 * The ranges of an order between two positions, which are left out: behind `after`, and before `before`, which is
 * behind it in the reverse order. Null is an end of the order.
 */
export function between(
  order: readonly OrderKey[],
  reverse: readonly OrderKey[],
  after: readonly unknown[] | null,
  before: readonly unknown[] | null,
): readonly Where[] {
  const ranges = after === null ? [everything] : keyset(order, after)
  if (before === null) return ranges
  const others = keyset(reverse, before).toReversed()
  return ranges.flatMap((range) => others.map((other) => allOf(range, other)))
}
