import type { Document } from 'mongodb'

const size = { $size: '$$list' }

/** Never none: `$slice` with a place takes one element at least. */
const all = { $max: [size, 1] }

/** The list with an element at a place; an expression that is null counts as the empty list. */
export function withInserted(list: Document, value: Document, at: number): Document {
  const index = at >= 0 ? at : { $max: [{ $add: [size, at] }, 0] }
  const before = { $cond: [{ $gt: ['$$index', 0] }, { $slice: ['$$list', '$$index'] }, []] }
  const behind = { $slice: ['$$list', '$$index', all] }
  const put = { $let: { vars: { index }, in: { $concatArrays: [before, [value], behind] } } }
  return { $let: { vars: { list: { $ifNull: [list, []] } }, in: put } }
}

/** The list without its first or last element; null where the expression is. */
export function withoutEnd(list: Document, which: 'first' | 'last'): Document {
  const rest = { $slice: which === 'first' ? ['$$list', 1, all] : ['$$list', { $subtract: [size, 1] }] }
  const left = { $cond: [{ $gt: [{ $size: { $ifNull: ['$$list', []] } }, 1] }, rest, []] }
  return { $let: { vars: { list }, in: { $cond: [{ $eq: ['$$list', null] }, null, left] } } }
}
