/**
 * - divergence: unequal content at equal versions, or another value.
 * - version: unequal versions, and no write on its way that explains it; content may be equal.
 * - missing, extra: the control's store alone, the candidate's alone has the record.
 * - order: the same records one after another in another order.
 * - error: the candidate refused what the control answered.
 */
export type MismatchKind = 'divergence' | 'version' | 'missing' | 'extra' | 'order' | 'error'
