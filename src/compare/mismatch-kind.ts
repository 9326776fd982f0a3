/**
 * - divergence: unequal content at equal versions, or another value.
 * - version: unequal versions, and no write on its way that explains it; content may be equal.
 * - missing, extra: the control's store alone, the candidate's alone has the record.
 * - order: the same records one after another in another order.
 * - error: the candidate refused what the control answered.
 */
export type MismatchKind = 'divergence' | 'version' | 'missing' | 'extra' | 'order' | 'error'

/**
 * Whether records, read by themselves, tell that such a difference is no more. Of an order, and of a read that one store
 * refuses, they tell nothing: somebody asks the API again.
 */
export const showsInRecords: Readonly<Record<MismatchKind, boolean>> = {
  divergence: true,
  version: true,
  missing: true,
  extra: true,
  order: false,
  error: false,
}
