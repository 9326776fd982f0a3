import type { Fields } from '../entity/field.ts'
import { Operation } from './operations.ts'
import type { PatchIn } from './patch-of.ts'
import type { Everything, Where, WhereOf } from './where.ts'

/** What becomes of the objects of a list that meet a condition. */
export interface ElementChange<F extends Fields = Fields> {
  readonly where: WhereOf<F>
  readonly changes: PatchIn<F>
}

/**
 * Changes those objects of a list that match a condition on their members, by what a patch may do with members; of no
 * other object anything is written. All of them are meant by `everything`.
 *
 * ```ts
 * { lines: changeWhere(where(Order, 'lines', { sku: { eq: 'fig' } }), { pieces: increment(1), gift: null }) }
 * ```
 */
export function changeWhere<F extends Fields>(
  where: WhereOf<F>,
  changes: PatchIn<F>,
): Operation<'change', ElementChange<F>>
export function changeWhere<const P extends object>(
  where: Everything,
  changes: P,
): Operation<'change', { readonly where: Everything; readonly changes: P }>
export function changeWhere(where: Where, changes: object): Operation<'change'> {
  return new Operation('change', { where, changes })
}
