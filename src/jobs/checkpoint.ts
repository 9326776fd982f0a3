import { z } from 'zod'
import type { Entity, Id } from '../entity/entity.ts'
import { parseAs } from '../stores/ledger.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'
import { isPlainObject, type Json } from '../util/json.ts'

/** How far a backfill is; kept after every batch, so that a killed one goes on where it was. */
export interface Progress {
  readonly type: string
  /** Documents in the collection, about; null where MongoDB did not say. */
  readonly total: number | null
  readonly seen: number
  /** Records written; the others were there already. */
  readonly copied: number
  /** Records that differed at the same or a higher version: the table's copy is in conflicts, the document's is there now. */
  readonly mended: number
  /** Rows without a document. */
  readonly removed: number
  /** Documents that have no record; each is a data issue. */
  readonly quarantined: number
  /** Records that a constraint or a rule of PostgreSQL keeps out; each is a data issue. */
  readonly refused: number
  readonly done: boolean
}

/** Where the next batch begins: documents are copied first, then rows without one are looked for. */
export interface Checkpoint extends Progress {
  readonly phase: 'copy' | 'remove'
  readonly after: Id | null
}

export interface BackfillOptions {
  readonly stores: { readonly mongo: MongoStore; readonly postgres: PostgresStore }
  readonly entity: Entity
  /** Documents a batch; default 500. Fewer where they are large, or where a batch takes long. */
  readonly batch?: number
  readonly onProgress?: (progress: Progress) => void
  /** Told of what is odd, one line each: records that differ, stores that do not answer. */
  readonly log?: (line: string) => void
  /** Heard at once: what is under way is not waited for. */
  readonly signal?: AbortSignal
}

/** Where a backfill begins. */
export const fresh = (type: string): Checkpoint => ({
  type,
  total: null,
  seen: 0,
  copied: 0,
  mended: 0,
  removed: 0,
  quarantined: 0,
  refused: 0,
  done: false,
  phase: 'copy',
  after: null,
})

const form: z.ZodType<Checkpoint> = z.object({
  type: z.string(),
  total: z.number().nullable(),
  seen: z.int(),
  copied: z.int(),
  mended: z.int(),
  removed: z.int(),
  quarantined: z.int(),
  refused: z.int(),
  done: z.boolean(),
  phase: z.enum(['copy', 'remove']),
  after: z.union([z.string(), z.number()]).nullable(),
})

/** What the ledger keeps of an earlier backfill; null where no way leads on from it, so that another begins anew. */
export const earlierIn = (type: string, value: Json): Checkpoint | null =>
  isPlainObject(value) ? parseAs(form, { ...fresh(type), ...value }) : null
