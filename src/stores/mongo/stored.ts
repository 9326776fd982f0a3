import type { Document, Int32, Long, ObjectId, UUID } from 'mongodb'

/** An `_id` as the gateway writes it. Other programs may write any: what is read goes through `decodeId`. */
export type StoredId = ObjectId | UUID | string | Int32 | Long | Document

/**
 * All that Crossfade keeps in a document is one sub-document, `_cf`:
 * `{ epoch, at, n, pending?: Date (owed since), deleted?: true, arriving?: Arriving, touched?: boolean }`. The counter of
 * its version is `at + n`, a time in milliseconds and the changes since, so that plain operators can raise it (`$max`,
 * `$inc`). Readers leave out what is deleted or arriving. What is `touched` says nothing: it makes a write of what would
 * be none. Other programs may have written anything there.
 */
export interface Bookkeeping {
  readonly epoch?: unknown
  readonly at?: unknown
  readonly n?: unknown
  readonly pending?: unknown
  readonly deleted?: unknown
  readonly arriving?: unknown
}

/** Of a document that a put has written and not revealed. */
export interface Arriving {
  readonly since: Date
  /** See `Replica.bulkPut`. */
  readonly under: number
}

/** A document of an entity's collection. The server gives an `_id` to one that is inserted without. */
export interface StoredDocument extends Document {
  readonly _id?: StoredId
  readonly _cf?: Bookkeeping | null
}

/** What is left of a record that was deleted. */
export interface Tombstone extends Document {
  readonly _id: { readonly entity: string; readonly id: StoredId }
  readonly _cf: Bookkeeping
  /** Owed since; null where it is not owed. */
  readonly pending: Date | null
  readonly at: Date
  /** Another program has deleted the document, as far as its event tells. */
  readonly foreign: boolean
}
