import { isSameKey } from '../entity/canonical-value.ts'
import type { Entity } from '../entity/entity.ts'
import { leafAt } from '../entity/leaf-at.ts'
import type { OrderKey } from './order.ts'
import { allOf, everything, nothing, type Where } from './where.ts'

const isNull = (path: string): Where => ({ op: 'eq', path, value: null })

/** What lies strictly behind `value` in one key's order, in this order; null is the lowest value. An id is never null. */
function behind({ path, direction }: OrderKey, value: unknown): readonly Where[] {
  if (direction === 'asc') return value === null ? [{ op: 'not', of: isNull(path) }] : [{ op: 'gt', path, value }]
  if (value === null) return []
  const below: Where = { op: 'lt', path, value }
  return path === 'id' ? [below] : [below, isNull(path)]
}

/** Past so many ranges each by itself costs more than reading what lies before a position. */
const maxRanges = 16

/** At least one, which may hold nothing. */
function together(ranges: readonly Where[]): readonly Where[] {
  if (ranges.length === 0) return [nothing]
  return ranges.length > maxRanges ? [{ op: 'or', of: ranges }] : ranges
}

/** The ranges behind a position, by the first key in which they differ from it. */
const behindBy = (order: readonly OrderKey[], values: readonly unknown[]): readonly (readonly Where[])[] =>
  order.map((key, index) => {
    const equal = order.slice(0, index).map(({ path }, i): Where => ({ op: 'eq', path, value: values[i] }))
    return behind(key, values[index]).map((last) => allOf(...equal, last))
  })

/**
 * The records behind a position in a total order, as consecutive ranges of it, each of which an index on its keys can
 * seek: first those that are equal in all keys but the last, at the end those that differ in the first. One condition
 * for them all has no beginning in an index, and reads everything before the position; orders of many keys have one all
 * the same. Said in the query AST, so that neither store has a pager of its own.
 */
export const keyset = (order: readonly OrderKey[], values: readonly unknown[]): readonly Where[] =>
  together(behindBy(order, values).toReversed().flat())

/**
 * The ranges of an order between two positions, which are left out: behind `after`, and before `before`, which is
 * behind it in the reverse order. Null is an end of the order.
 */
export function between(
  entity: Entity,
  order: readonly OrderKey[],
  reverse: readonly OrderKey[],
  after: readonly unknown[] | null,
  before: readonly unknown[] | null,
): readonly Where[] {
  if (before === null) return after === null ? [everything] : keyset(order, after)
  // What lies before a position is what lies behind it in the reverse order, from its far end on
  const ends = behindBy(reverse, before).map((ranges) => ranges.toReversed())
  if (after === null) return together(ends.flat())
  // The first key in which the positions differ: what differs from one of them in a key before it is not between them
  const first = order.findIndex(({ path }, index) => !isSameKey(leafAt(entity, path), after[index], before[index]))
  if (first < 0) return [nothing]
  const [head = [], ...others] = behindBy(order, after).slice(first)
  const both = (starts: readonly Where[], stops: readonly Where[]): Where[] =>
    starts.flatMap((start) => stops.map((stop) => allOf(start, stop)))
  const inner = both(others.toReversed().flat(), ends[first]!)
  return together([...inner, ...both(head, ends.slice(first).flat())])
}
