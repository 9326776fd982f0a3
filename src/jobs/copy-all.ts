import { setTimeout as sleep } from 'node:timers/promises'
import { tellsOfTrouble } from '../stores/failure.ts'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import { inTurn } from '../util/in-turn.ts'
import { readAhead } from '../util/read-ahead.ts'
import { type BackfillOptions, type Checkpoint, neverMoved, sumOf, type Tally } from './checkpoint.ts'
import { copyLot } from './copy-lot.ts'
import { type Lot, lotsOf } from './lots.ts'
import { paced } from './paced.ts'

/** A lot that takes longer is followed by ones of half its size. */
const slowMs = 5_000

/** How often a lot is tried where a store is in trouble, each time after twice as long. */
const maxTries = 6
const firstWaitMs = 1_000

/** Lots that are put side by side: a store that is far away, or busy, is not waited for each time. */
const atOnce = 3

/** Claims hold for a minute. */
const renewMs = 15_000

/** Writes down how far the copy is. */
export type Keep = (at: Checkpoint) => Promise<void>

/** What came of a lot. */
interface Copied {
  readonly lot: Lot
  readonly tally: Tally
  readonly tookMs: number
}

/**
 * Copies what is behind a checkpoint, by one cursor as long as it lasts. Where a store is in trouble it goes on behind the
 * last lot that is written down, spaced and bounded, with smaller ones; a fault of the job itself ends it.
 *
 * @param renew keeps the claim; false where another has it.
 */
export async function copyAll(
  options: BackfillOptions,
  from: Checkpoint,
  keep: Keep,
  renew: () => Promise<boolean>,
): Promise<Checkpoint> {
  const { stores, entity, rate = Number.POSITIVE_INFINITY, log, signal } = options
  // Of a slow copy a lot is a second's: what waits for its turn grows old, and is to be put soon behind its reading
  const batch = Math.min(options.batch ?? 500, rate)
  const direction = { from: from.from, under: from.epoch ?? neverMoved }
  let at = from
  let limit = batch
  let renewed = performance.now()
  let tries = 1
  let keeping = false

  async function stay(): Promise<void> {
    if (performance.now() - renewed < renewMs) return
    if (!(await renew()))
      throw new CrossfadeError('TRY_AGAIN', `Another backfill or repair of ${entity.name} has begun.`)
    renewed = performance.now()
  }

  /** As long as lots are to be of one size. */
  async function* lots(): AsyncGenerator<Lot, void> {
    const asked = limit
    const read = lotsOf(stores[at.from].reader, entity, { after: at.after, upTo: null }, asked)
    for await (const lot of paced(readAhead(read), rate, signal)) {
      yield lot
      if (limit !== asked) return
    }
  }

  async function copy(lot: Lot): Promise<Copied> {
    signal?.throwIfAborted()
    const began = performance.now()
    const tally = await copyLot(options, direction, lot)
    return { lot, tally, tookMs: performance.now() - began }
  }

  async function goOn({ lot: { stretch, isLast, odd }, tally, tookMs }: Copied): Promise<void> {
    const survey = { isFirst: false, isLast, odd }
    const next: Checkpoint = {
      ...at,
      ...sumOf(at, tally),
      survey: at.from === 'mongo' ? await stores.mongo.survey(entity, at.survey, survey) : null,
      after: stretch?.upTo ?? at.after,
      done: isLast,
      ended: isLast ? new Date().toISOString() : null,
    }
    signal?.throwIfAborted()
    keeping = true
    await keep(next)
    keeping = false
    at = next
    tries = 1
    limit = tookMs > slowMs ? Math.max(1, Math.floor(limit / 2)) : Math.min(batch, limit * 2)
    options.onProgress?.(at)
  }

  if (at.from === 'mongo' && at.seen === 0)
    at = { ...at, survey: await stores.mongo.survey(entity, null, { isFirst: true, isLast: false }) }
  while (!at.done) {
    try {
      await stay()
      for await (const copied of inTurn(lots(), copy, atOnce)) {
        await goOn(copied)
        await stay()
      }
    } catch (error) {
      // A checkpoint of which nobody knows whether it was written is for the next run to read
      if (keeping || !tellsOfTrouble(stores, error) || tries === maxTries) throw error
      const waitMs = firstWaitMs * 2 ** (tries++ - 1)
      limit = Math.max(1, Math.floor(limit / 2))
      log?.(`${entity.name}: ${messageOf(error)}; try ${tries} of ${maxTries} in ${waitMs / 1_000} s`)
      await sleep(waitMs, undefined, { signal })
    }
  }
  return at
}
