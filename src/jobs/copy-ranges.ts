import { setTimeout as sleep } from 'node:timers/promises'
import { tellsOfTrouble } from '../stores/failure.ts'
import { aborted } from '../util/aborted.ts'
import { awaitWithin } from '../util/await-within.ts'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import type { BackfillOptions, Progress } from './backfill-options.ts'
import type { CopyBoard } from './copy-board.ts'
import { copyRange } from './copy-range.ts'
import { type HeldRange, RangeLost } from './held-range.ts'
import { Pace } from './paced.ts'
import { Restraint } from './restraint.ts'

/** Between two looks at what others do. */
const lookMs = 1_000

/** The claim of the type's copy holds for a minute. */
const renewMs = 15_000

/** A ledger that is in trouble is asked again for so long. */
const patienceMs = 60_000

/** Who is told to stop waits so long for ranges to be given back; else they are free once their owner was silent. */
const leaveMs = 300

export interface CopyRangesOptions extends BackfillOptions {
  /** Whether ranges rest behind a fault, since whoever asks comes back; default: they are tried at once. */
  readonly isRested?: boolean
}

/**
 * Takes ranges of a copy until there are none, and waits for those that others work on.
 *
 * @param renew keeps the claim of the copy; false where another job has it.
 * @throws the first fault; TRY_AGAIN where another copy, or a repair, has begun.
 */
export async function copyRanges(
  options: CopyRangesOptions,
  board: CopyBoard,
  renew: () => Promise<boolean>,
): Promise<void> {
  const { stores, entity, workers = 1, log, isRested = false } = options
  const stop = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal
  const pace = new Pace(options.rate)
  let renewed = performance.now()
  let changed = Promise.withResolvers<void>()
  let told = ''

  const onProgress = (progress: Progress): void => {
    told = JSON.stringify(progress)
    options.onProgress?.(progress)
  }

  let said = ''

  /** Tells what an operator has said, each time that it is something else. */
  function heed(): void {
    const { control, progress } = board
    pace.heed(control, progress.owners.length)
    const { isPaused, limit } = control
    const pause = `it is paused: \`crossfade backfill ${entity.name} --resume\` lets it go on`
    const line = isPaused ? pause : limit === null ? '' : `${limit} documents a second at most, of all who copy`
    if (line !== said) log?.(`${entity.name}: ${line || 'it goes on'}`)
    said = line
  }

  const restraint = new Restraint(options, board.copy.from, pace)

  /** What asks the ledger is asked again where the store is in trouble. */
  async function patiently<T>(work: () => Promise<T>): Promise<T> {
    for (const until = performance.now() + patienceMs; ; ) {
      try {
        return await work()
      } catch (error) {
        if (!tellsOfTrouble(stores, error) || performance.now() > until) throw error
        await sleep(lookMs, undefined, { signal })
      }
    }
  }

  async function copyOne(held: HeldRange): Promise<void> {
    let hasFailed = true
    try {
      await copyRange({ ...options, signal, onProgress }, board, held, pace)
      hasFailed = false
    } catch (error) {
      hasFailed = !(error instanceof RangeLost) && !signal.aborted
      if (hasFailed) throw error
      log?.(`${entity.name}: ${messageOf(error)}`)
    } finally {
      await awaitWithin(
        board.leave(held, hasFailed).catch(() => undefined), // it may be lost
        leaveMs,
      )
      changed.resolve()
      changed = Promise.withResolvers()
    }
  }

  async function work(): Promise<void> {
    while (!board.isCopied) {
      const held = await patiently(() => board.take(isRested))
      signal.throwIfAborted()
      if (held) await copyOne(held)
      else {
        await patiently(() => board.want())
        await Promise.race([changed.promise, sleep(lookMs, undefined, { signal })])
      }
    }
  }

  async function watch(): Promise<void> {
    while (!board.isCopied) {
      await sleep(lookMs, undefined, { signal })
      await patiently(() => board.look())
      heed()
      await restraint.look()
      await board.tellSlow(restraint.reason)
      if (JSON.stringify(board.progress) !== told) onProgress(board.progress) // others have gone on
      if (performance.now() - renewed < renewMs) continue
      if (!(await patiently(renew)))
        throw new CrossfadeError('TRY_AGAIN', `A repair of ${entity.name} has begun: run it again.`)
      renewed = performance.now()
    }
  }

  await patiently(() => board.look())
  heed()
  const working = Array.from({ length: workers }, work)
  const watching = watch()
  watching.catch(() => undefined) // told below, or over
  const worked = Promise.all(working)
  try {
    // Who has no workers sees by its looks when others are done
    await Promise.race([...(workers > 0 ? [worked] : []), watching.then(() => worked), aborted(signal)])
  } finally {
    stop.abort()
    await awaitWithin(board.leaveAll(), leaveMs)
  }
}
