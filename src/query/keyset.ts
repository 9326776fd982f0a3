import type { OrderKey } from './order.ts'
import { allOf, nothing, type Where } from './where.ts'

const isNull = (path: string): Where => ({ op: 'eq', path, value: null })

/** Strictly behind `value` in one key's order; null is the lowest value. */
function behind({ path, direction }: OrderKey, value: unknown): Where {
  if (direction === 'asc') {
    return value === null ? { op: 'not', of: isNull(path) } : { op: 'gt', path, value }
  }
  return value === null ? nothing : { op: 'or', of: [{ op: 'lt', path, value }, isNull(path)] }
}

/**
 * The records behind a position in a total order, said in the query AST, so that neither store has a pager of its
 * own: equal in the first keys, behind in the next.
 */
export function keyset(order: readonly OrderKey[], values: readonly unknown[]): Where {
  const branches = order.map((key, index): Where => {
    const equal = order.slice(0, index).map(({ path }, i): Where => ({ op: 'eq', path, value: values[i] }))
    const last = behind(key, values[index])
    return last === nothing ? nothing : allOf(...equal, last)
  })
  return { op: 'or', of: branches.filter((branch) => branch !== nothing) }
}
