import type { Entity } from '../entity/entity.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'
import type { Origin } from '../util/origin.ts'
import type { Care } from './strain.ts'
import type { Tally } from './tally.ts'

/** How far a copy is, by all who work on it; kept after every batch, so that a killed one goes on where it was. */
export interface Progress extends Tally {
  readonly type: string
  /** The store that is copied. */
  readonly from: Origin
  /** Records of the store that is copied, about; null where it did not say. */
  readonly total: number | null
  readonly done: boolean
  /** Into how many ranges of ids the type is cut; 1 while it is copied as a whole. */
  readonly ranges: number
  readonly rangesDone: number
  /** What an operator has said meanwhile, see `CopyControl`. */
  readonly paused: boolean
  readonly limit: number | null
  /** Why those who work on it go slowly, each reason once; nothing where they do not. */
  readonly slow: readonly string[]
  /** Who works on it, a name for each process. */
  readonly owners: readonly string[]
}

export interface BackfillOptions {
  readonly stores: { readonly mongo: MongoStore; readonly postgres: PostgresStore }
  readonly entity: Entity
  /** Documents a batch; default 500. Fewer where they are large, or where a batch takes long. */
  readonly batch?: number
  /** Documents a second at most, of this process; default: as fast as the stores take them. */
  readonly rate?: number
  /** Ranges that are copied side by side; default 1. With 0 it begins the copy, and waits until others have made it. */
  readonly workers?: number
  /** How much of the stores a copy may take before it goes slowly, see `boundsOf`; default usual. */
  readonly care?: Care
  /** Records a range at least, where several copy at a time; default 25,000. */
  readonly perRange?: number
  readonly onProgress?: (progress: Progress) => void
  /** Told of what is odd, one line each: records that differ, stores that do not answer. */
  readonly log?: (line: string) => void
  /** Heard at once: what is under way is not waited for. */
  readonly signal?: AbortSignal
}
