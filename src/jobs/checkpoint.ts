import { z } from 'zod'
import type { Entity, Id } from '../entity/entity.ts'
import { mappingDigest } from '../entity/mapping-digest.ts'
import { parseAs } from '../stores/ledger.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'
import type { Json } from '../util/json.ts'
import { type Origin, origins } from '../util/origin.ts'

/** What became of records of the store that is copied. */
export interface Tally {
  readonly seen: number
  /** Records written; the others were there already. */
  readonly copied: number
  /** Records that differed at the same or a higher version: the replaced copy is in conflicts. */
  readonly mended: number
  /** Records that the store that is copied does not have. */
  readonly removed: number
  /** Documents that have no record; each is a data issue. */
  readonly quarantined: number
  /** Records that a constraint or a rule of the other store keeps out; each is owed, and in PostgreSQL a data issue. */
  readonly refused: number
}

/** How far a copy is; kept after every batch, so that a killed one goes on where it was. */
export interface Progress extends Tally {
  readonly type: string
  /** Records of the store that is copied, about; null where it did not say. */
  readonly total: number | null
  readonly done: boolean
}

/** Where the next lot begins. */
export interface Checkpoint extends Progress {
  /** The store that is copied. */
  readonly from: Origin
  /** The flag's, which the copy belongs to: one of another is begun anew. Null where there is no flag. */
  readonly epoch: number | null
  /** Likewise, of the mapping, see `mappingDigest`. */
  readonly mapping: string
  /** When it was complete, by the clock of the host; null while it is not. */
  readonly ended: string | null
  readonly after: Id | null
  /** What the documents have told of their paths so far, see `MongoStore.survey`. */
  readonly survey: Json
}

export interface BackfillOptions {
  readonly stores: { readonly mongo: MongoStore; readonly postgres: PostgresStore }
  readonly entity: Entity
  /** Documents a batch; default 500. Fewer where they are large, or where a batch takes long. */
  readonly batch?: number
  /** Documents a second at most; default: as fast as the stores take them. */
  readonly rate?: number
  readonly onProgress?: (progress: Progress) => void
  /** Told of what is odd, one line each: records that differ, stores that do not answer. */
  readonly log?: (line: string) => void
  /** Heard at once: what is under way is not waited for. */
  readonly signal?: AbortSignal
}

/** For the epoch of a type that has no flag: nothing overtakes it. */
export const neverMoved = Number.MAX_SAFE_INTEGER

/** Where a copy begins. */
export const firstCheckpoint = (entity: Entity, from: Origin, epoch: number | null): Checkpoint => ({
  type: entity.name,
  from,
  epoch,
  mapping: mappingDigest(entity),
  ended: null,
  total: null,
  seen: 0,
  copied: 0,
  mended: 0,
  removed: 0,
  quarantined: 0,
  refused: 0,
  done: false,
  after: null,
  survey: null,
})

const form: z.ZodType<Checkpoint> = z.object({
  type: z.string(),
  from: z.enum(origins),
  epoch: z.int().nullable(),
  mapping: z.string(),
  ended: z.string().nullable(),
  total: z.number().nullable(),
  seen: z.int(),
  copied: z.int(),
  mended: z.int(),
  removed: z.int(),
  quarantined: z.int(),
  refused: z.int(),
  done: z.boolean(),
  after: z.union([z.string(), z.number()]).nullable(),
  survey: z.json().default(null) as z.ZodType<Json>,
})

export const sumOf = (one: Tally, other: Tally): Tally => ({
  seen: one.seen + other.seen,
  copied: one.copied + other.copied,
  mended: one.mended + other.mended,
  removed: one.removed + other.removed,
  quarantined: one.quarantined + other.quarantined,
  refused: one.refused + other.refused,
})

/** What the ledger keeps of an earlier copy that this one goes on with; null where it begins anew. */
export function earlierIn(first: Checkpoint, value: Json): Checkpoint | null {
  const kept = parseAs(form, value)
  const isSame = kept?.from === first.from && kept.epoch === first.epoch && kept.mapping === first.mapping
  return isSame && !kept.done ? kept : null
}
