import { compareIds } from '../entity/compare-ids.ts'
import type { Id } from '../entity/entity.ts'
import { messageOf } from '../util/errors.ts'
import { inTurn } from '../util/in-turn.ts'
import { readAhead } from '../util/read-ahead.ts'
import type { BackfillOptions } from './backfill-options.ts'
import type { CopyBoard } from './copy-board.ts'
import { copyLot } from './copy-lot.ts'
import { cutsFor } from './cuts-for.ts'
import type { HeldRange } from './held-range.ts'
import { type Lot, lotsOf } from './lots.ts'
import { type Pace, paced } from './paced.ts'
import { Patience } from './patience.ts'
import { sumOf, type Tally } from './tally.ts'

/** A lot that takes longer is followed by ones of half its size. */
const slowMs = 5_000

/** Lots of all ranges together that are put side by side: a store that is far away, or busy, is not waited for each time. */
const lotsAtOnce = 6
const lotsOfOneRange = 3

/** For the epoch of a type that has no flag: nothing overtakes it. */
const neverMoved = Number.MAX_SAFE_INTEGER

/** What came of a lot. */
interface Copied {
  readonly lot: Lot
  readonly tally: Tally
  readonly tookMs: number
}

/**
 * Copies what is left of a range, by one cursor as long as it lasts. Where a store is in trouble it goes on behind the last
 * lot that is written down, spaced and bounded, with smaller ones; a fault of the job itself ends it. Where others wait for
 * ranges of a copy that is whole, it is cut on the way.
 *
 * @throws RangeLost where others have gone on with it.
 */
export async function copyRange(
  options: BackfillOptions,
  board: CopyBoard,
  held: HeldRange,
  pace: Pace,
): Promise<void> {
  const { stores, entity, rate = Number.POSITIVE_INFINITY, workers = 1, care = 'usual', log, signal } = options
  const { from, epoch } = board.copy
  const { [from]: source } = stores
  const direction = { from, under: epoch ?? neverMoved }
  // Of a slow copy a lot is a second's: what waits for its turn grows old, and is to be put soon behind its reading
  const batch = Math.min(options.batch ?? 500, rate)
  const atOnce = care === 'nice' ? 1 : Math.max(1, Math.min(lotsOfOneRange, Math.floor(lotsAtOnce / workers)))
  let limit = batch
  const patience = new Patience({ stores, name: entity.name, log, signal })
  let cuts: readonly Id[] | null = null
  let isCutting = false

  /** Beside the copy, since a server may take a while to choose them. */
  function chooseCuts(): void {
    if (isCutting || !board.isWanted) return
    isCutting = true
    cutsFor(options, from).then(
      (found) => {
        cuts = found
      },
      (error: unknown) => log?.(`${entity.name}: it cannot be cut into ranges: ${messageOf(error)}`),
    )
  }

  async function cutAt(chosen: readonly Id[]): Promise<void> {
    await held.save({}) // who has lost the range knows no more where it is to be cut
    const { after } = held.state
    await board.cut(chosen.filter((id) => after === null || compareIds(entity)(id, after) > 0))
    cuts = null
  }

  /** As long as lots are to be of one size, and the range is as long as it was. */
  async function* lots(): AsyncGenerator<Lot, void> {
    const asked = limit
    const { upTo } = board.ranges[held.n]!
    const read = lotsOf(source.reader, entity, { after: held.state.after, upTo }, asked)
    for await (const lot of paced(readAhead(read), pace, signal)) {
      yield lot
      if (limit !== asked || cuts !== null) return
    }
  }

  async function copy(lot: Lot): Promise<Copied> {
    signal?.throwIfAborted()
    const began = performance.now()
    const tally = await copyLot(options, direction, lot)
    return { lot, tally, tookMs: performance.now() - began }
  }

  async function goOn({ lot: { stretch, isLast, odd = [] }, tally, tookMs }: Copied): Promise<void> {
    signal?.throwIfAborted()
    const { state } = held
    await held.save({
      ...sumOf(state, tally),
      after: stretch?.upTo ?? state.after,
      odd: from === 'mongo' ? [...new Set([...state.odd, ...odd])] : [],
      attempts: 0,
      done: isLast,
      ...(isLast ? { owner: null, slow: null } : {}),
    })
    patience.over()
    limit = tookMs > slowMs ? Math.max(1, Math.floor(limit / 2)) : Math.min(batch, limit * 2)
    options.onProgress?.(board.progress)
    chooseCuts()
  }

  while (!held.state.done) {
    try {
      await held.settle()
      if (cuts !== null) await cutAt(cuts)
      for await (const copied of inTurn(lots(), copy, atOnce)) await goOn(copied)
    } catch (error) {
      await patience.wait(error)
      limit = Math.max(1, Math.floor(limit / 2))
    }
  }
}
