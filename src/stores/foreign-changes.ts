import type { Entity, Id } from '../entity/entity.ts'
import type { Json } from '../util/json.ts'
import type { Version } from './version.ts'

/** Something that was done to a record, and not by us; whether a delete was ours, the stream does not tell. */
export interface Change {
  readonly id: Id
  readonly isGone: boolean
  /** The document is of another type of its collection by now, or was when it was deleted; it may always have been. */
  readonly isOfAnother: boolean
  /** The version before it, where the server kept it; else (0, 0). */
  readonly before: Version
}

export interface Changes {
  /** In the order in which they were made. */
  readonly made: readonly Change[]
  /** Whether the collection was dropped or renamed. */
  readonly wasDropped: boolean
  /** The revision that the marker's entry was given last; null where it was given none. */
  readonly marker: number | null
  /** Behind these; from there a later stream goes on. Null at the start of a stream. */
  readonly place: Json
}

export interface ChangeStream {
  /** Waits for what comes next, for about a second at most. @throws see `ForeignChanges`. */
  next(): Promise<Changes>
  close(): Promise<void>
}

/** What other programs do to a type's collection, and what has to be written about it. */
export interface ForeignChanges {
  /**
   * @param marker kind and key of the ledger's entry whose changes are told, too.
   * @param siblings the other types of its collection: what we delete of theirs is told as theirs.
   */
  follow(entity: Entity, marker: readonly [string, string], place: Json, siblings?: readonly Entity[]): ChangeStream
  /** Whether the place is no longer in the server's log: what was changed behind it, nobody will know. */
  isLost(error: unknown): boolean
  /** Why no stream can be had of this server by this user, as an operator is told it; null where one may be had later. */
  whyImpossible(error: unknown): string | null
  /** The store's clock, in milliseconds. */
  now(): Promise<number>
  /** Gives records the version that their change would have had from us, and marks them as owed. */
  touch(entity: Entity, ids: readonly Id[], epoch: number): Promise<void>
  /** Writes a tombstone, owed, of what has gone; a higher one stays. */
  bury(entity: Entity, id: Id, version: Version): Promise<void>
}
