import { kindOf } from '../codec/kinds.ts'
import type { Entity } from '../entity/entity.ts'
import { leafAt } from '../entity/leaf-at.ts'
import { CrossfadeError } from '../util/errors.ts'

export type Direction = 'asc' | 'desc'

/** One key of an order. Nulls come first ascending and last descending, as in MongoDB. */
export interface OrderKey<P extends string = string> {
  readonly path: P
  readonly direction: Direction
}

/** An order that a contract asks records in. */
export interface AskedOrder {
  /** What asks for it: `order by title`, `Movie.comments`. */
  readonly because: string
  /** The path whose value is given: of the children of one parent. Null where all records are asked for. */
  readonly by: string | null
  /** Without the id at the end. */
  readonly keys: readonly OrderKey[]
}

/**
 * The order made total: the id is always the last key, in the direction of the key before it, so that one index on the
 * keys and the id serves an order and its reverse, in both stores. Sorting by a list or by a whole json value is refused.
 */
export function totalOrder(entity: Entity, order: readonly OrderKey[]): readonly OrderKey[] {
  const keys: OrderKey[] = []
  for (const key of order) {
    const leaf = leafAt(entity, key.path)
    if (leaf.list !== 'none' || kindOf(leaf).queries !== 'order') {
      throw new CrossfadeError('BAD_USER_INPUT', `${entity.name} cannot be ordered by ${key.path}.`)
    }
    if (keys.some((earlier) => earlier.path === key.path)) continue
    keys.push(key)
    if (key.path === 'id') return keys
  }
  return [...keys, { path: 'id', direction: keys.at(-1)?.direction ?? 'asc' }]
}

/** The same order read from its end. */
export function reversed(order: readonly OrderKey[]): OrderKey[] {
  return order.map(({ path, direction }) => ({ path, direction: direction === 'asc' ? 'desc' : 'asc' }))
}
