import type { AggregationCursor, FindCursor } from 'mongodb'

/** By these its other methods ask, streams as well. */
const asking = ['next', 'tryNext', 'hasNext'] as const

/**
 * A cursor of a write by hand: what fails is told like the failure of a call, and fails the write as that does, since the
 * server has ended the transaction, whatever the side makes of the error.
 */
export function handCursor<C extends FindCursor | AggregationCursor>(
  cursor: C,
  ask: <R>(call: () => Promise<R>) => Promise<R>,
): C {
  for (const name of asking) {
    const own = cursor[name].bind(cursor) as () => Promise<unknown>
    Object.assign(cursor, { [name]: () => ask(own) })
  }
  const clone = cursor.clone.bind(cursor)
  return Object.assign(cursor, { clone: () => handCursor(clone(), ask) })
}
