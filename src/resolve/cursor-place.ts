import type { Id } from '../entity/entity.ts'

/**
 * Where a cursor stands: at a record, wherever that now is in the order; at the values of all keys of the order by path, with
 * `id` among them; or at the record before which there are `offset` others.
 */
export type CursorPlace =
  | { readonly id: Id }
  | { readonly keys: Readonly<Record<string, unknown>> }
  | { readonly offset: number }

/** Reads the cursors that clients still have of the API that was here before. */
export interface EarlierCursors {
  /** Asked of cursors that are none of ours. Null for what that API has not made, which is refused. */
  readonly decode: (cursor: string) => CursorPlace | null
}
