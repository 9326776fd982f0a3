import type { Entity, Id } from '../entity/entity.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import { ensureUnique } from '../stores/postgres/constraints.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Json } from '../util/json.ts'

/** How far a backfill is; kept after every batch, so that a killed one goes on where it was. */
export interface Progress {
  readonly type: string
  /** Documents in the collection when the run began. */
  readonly total: number
  readonly seen: number
  /** Records written; the others were there already, at this version or a newer one. */
  readonly copied: number
  /** Documents that have no record; each is a data issue. */
  readonly quarantined: number
  /** Records that a unique constraint keeps out. */
  readonly blocked: number
  readonly done: boolean
}

export interface BackfillOptions {
  readonly stores: { readonly mongo: MongoStore; readonly postgres: PostgresStore }
  readonly entity: Entity
  /** Documents a batch; default 500. */
  readonly batch?: number
  readonly onProgress?: (progress: Progress) => void
  readonly signal?: AbortSignal
}

const kind = 'backfill'
const claimMs = 60_000

/** A batch that took longer from read to put is read again first: it may have been overtaken by a delete and more. */
const deadlineMs = 10_000

interface Checkpoint extends Progress {
  readonly after: Id | null
}

/**
 * Copies a collection in batches by id, each put only where Postgres has nothing as new. Can be killed at any point and
 * run again; memory is bounded by the batch.
 *
 * @throws TRY_AGAIN where another backfill of the type is running.
 */
export async function backfill(options: BackfillOptions): Promise<Progress> {
  const { stores, entity, batch = 500, signal } = options
  const { ledger } = stores.postgres
  const owner = `${process.pid}-${Math.random().toString(36).slice(2)}`
  const key = `backfill/${entity.name}`
  if (!(await ledger.claim(key, owner, claimMs))) {
    throw new CrossfadeError('TRY_AGAIN', `A backfill of ${entity.name} is running already.`)
  }
  try {
    const entry = await ledger.get(kind, entity.name)
    const earlier = entry?.value as Checkpoint | undefined
    const total = await stores.mongo.documents(entity)
    const fresh: Checkpoint = {
      type: entity.name,
      total,
      seen: 0,
      copied: 0,
      quarantined: 0,
      blocked: 0,
      done: false,
      after: null,
    }
    let at: Checkpoint = earlier && !earlier.done ? { ...earlier, total } : fresh
    let revision = entry?.revision ?? null
    while (!at.done) {
      signal?.throwIfAborted()
      at = await copyBatch(options, at, batch)
      if (!(await ledger.compareAndSet(kind, entity.name, revision, { ...at } as unknown as Json))) {
        throw new CrossfadeError('CONFLICT', `The checkpoint of ${entity.name} was changed by another backfill.`)
      }
      revision = (revision ?? 0) + 1
      await ledger.claim(key, owner, claimMs)
      options.onProgress?.(at)
    }
    return at
  } finally {
    await ledger.release(key, owner)
  }
}

async function copyBatch({ stores, entity }: BackfillOptions, at: Checkpoint, limit: number): Promise<Checkpoint> {
  const { mongo, postgres } = stores
  for (;;) {
    const began = performance.now()
    const { images, quarantined, next } = await mongo.reader.scan(entity, { after: at.after, limit })
    if (performance.now() - began > deadlineMs) continue
    const outcomes = await postgres.writer.bulkPut(entity, images)
    if (quarantined.length > 0) await postgres.dataIssues.quarantine(entity, quarantined)
    const count = (put: string): number => outcomes.filter((outcome) => outcome.put === put).length
    return {
      ...at,
      after: next,
      seen: at.seen + images.length + quarantined.length,
      copied: at.copied + count('applied'),
      quarantined: at.quarantined + quarantined.length,
      blocked: at.blocked + count('blocked'),
      done: next === null,
    }
  }
}

/** What can only be seen when all types are there: dangling references and duplicates; then the constraints that fit. */
export async function settleConstraints(postgres: PostgresStore, entities: readonly Entity[]): Promise<void> {
  const targets = new Map(entities.map((entity) => [entity.name, entity]))
  for (const entity of entities) {
    await postgres.dataIssues.findDangling(entity, targets)
    const clean = await postgres.dataIssues.findDuplicates(entity)
    await ensureUnique(postgres.connection, entity, clean)
  }
}
