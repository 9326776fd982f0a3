import { setTimeout as sleep } from 'node:timers/promises'
import type { Flag } from '../control/flag.ts'
import { authorityOf, ledgersOf, markFresh } from '../control/flag-store.ts'
import { copyKind } from '../evidence/copied.ts'
import { tellsOfTrouble } from '../stores/failure.ts'
import { adoptRest } from '../stores/postgres/adopt-rest.ts'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import { type BackfillOptions, type Checkpoint, earlierIn, firstCheckpoint, type Progress } from './checkpoint.ts'
import { copiedFlag } from './copied-flag.ts'
import { copyBatch } from './copy-batch.ts'
import { underCopyClaim } from './copy-claim.ts'
import { overtaken } from './overtaken.ts'
import { removeBatch } from './remove-batch.ts'
import { untilOwed } from './until-owed.ts'

/** A batch that takes longer is followed by one of half its size. */
const slowMs = 5_000

/** How often a batch is tried where a store is in trouble, each time after twice as long. */
const maxTries = 6
const firstWaitMs = 1_000

/** Tries again, spaced and bounded, where a store is in trouble; a fault of the job itself ends it. */
async function patiently<T>({ stores, entity, log, signal }: BackfillOptions, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (!tellsOfTrouble(stores, error) || tries === maxTries) throw error
      const waitMs = firstWaitMs * 2 ** (tries - 1)
      log?.(`${entity.name}: ${messageOf(error)}; try ${tries + 1} of ${maxTries} in ${waitMs / 1_000} s`)
      await sleep(waitMs, undefined, { signal })
    }
  }
}

/**
 * Makes the store without authority equal to the one with it, in batches by id. What the authority has is put where the
 * other store has nothing as new; what differs at the same version, or without one, is kept in conflicts and replaced;
 * what the authority does not have goes. What the other store refuses is owed to it. Then the flag says that the mirror
 * is fresh. Can be killed at any point and run again; memory is bounded by the batch.
 *
 * @throws TRY_AGAIN where another copy of the type is running, its stage was changed meanwhile, or a gateway goes on under
 * an older flag; BAD_USER_INPUT in a stage that has no use for it.
 */
export async function backfill(options: BackfillOptions): Promise<Progress> {
  const flag = await copiedFlag(options)
  return underCopyClaim(options, (renew) => run(options, flag, renew))
}

async function run(options: BackfillOptions, flag: Flag | null, renew: () => Promise<boolean>): Promise<Progress> {
  const { stores, entity, batch = 500, signal } = options
  const { ledger } = stores.postgres
  if (flag) await untilOwed(options, flag)
  await adoptRest(stores.postgres.connection, entity)
  const entry = await ledger.get(copyKind, entity.name)
  const first = firstCheckpoint(entity, flag ? authorityOf(flag) : 'mongo', flag?.epoch ?? null)
  const total = first.from === 'mongo' ? await stores.mongo.estimate(entity) : null
  let at: Checkpoint = { ...(entry ? (earlierIn(first, entry.value) ?? first) : first), total }
  let revision = entry?.revision ?? null
  let limit = batch
  while (!at.done) {
    signal?.throwIfAborted()
    const began = performance.now()
    const step = at.phase === 'copy' ? copyBatch : removeBatch
    const from = at
    at = await patiently(options, () => step(options, from, limit))
    limit = performance.now() - began > slowMs ? Math.max(1, Math.floor(limit / 2)) : Math.min(batch, limit * 2)
    signal?.throwIfAborted()
    if (!(await ledger.compareAndSet(copyKind, entity.name, revision, { ...at }))) {
      throw new CrossfadeError('CONFLICT', `The checkpoint of ${entity.name} was changed by another backfill.`)
    }
    revision = (revision ?? 0) + 1
    await renew()
    options.onProgress?.(at)
  }
  if (flag && !(await markFresh(ledgersOf(stores), flag.type, entity.name, flag.epoch))) throw overtaken(entity.name)
  return at
}
