import { setTimeout as sleep } from 'node:timers/promises'
import { type CopyControl, uncontrolled } from './copy-control.ts'
import type { Lot } from './lots.ts'

/** What is said meanwhile is heeded behind a wait of so many milliseconds at most. */
const longestWaitMs = 250

/** Between two lots of a process while a store is under strain. */
const strainedMs = 5_000

/** How fast lots may come, all that share it taken together. */
export class Pace {
  readonly #own: number
  #rate: number
  #isPaused = false
  #isStrained = false
  #began = performance.now()
  #given = 0
  #turned = Number.NEGATIVE_INFINITY

  /** @param rate documents a second at most. */
  constructor(rate = Number.POSITIVE_INFINITY) {
    this.#own = rate
    this.#rate = rate
  }

  /** @param sharers how many processes share the limit. */
  heed({ isPaused, limit }: CopyControl = uncontrolled, sharers = 1): void {
    this.#isPaused = isPaused
    const rate = Math.min(this.#own, limit === null ? this.#own : limit / Math.max(1, sharers))
    if (rate === this.#rate) return
    this.#rate = rate
    this.#began = performance.now()
    this.#given = 0
  }

  /** While others suffer from it a copy goes on by a lot every few seconds: what strains a store may never end. */
  strain(isStrained: boolean): void {
    this.#isStrained = isStrained
  }

  /** Waits until what was given so far is due. @throws the reason of the signal as soon as it is aborted. */
  async turn(signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      const now = performance.now()
      const restMs = this.#isStrained ? strainedMs - (now - this.#turned) : 0
      const aheadMs = Math.max(restMs, (this.#given / this.#rate) * 1_000 - (now - this.#began))
      if (!this.#isPaused && !(aheadMs > 0)) {
        this.#turned = now
        return
      }
      const waitMs = this.#isPaused ? longestWaitMs : Math.min(aheadMs, longestWaitMs)
      // With the signal's own reason, which Node's timers do not give
      await sleep(waitMs, undefined, { signal }).catch(() => signal?.throwIfAborted())
    }
  }

  given(documents: number): void {
    this.#given += documents
  }
}

/** Gives lots at a pace. @throws the reason of the signal as soon as it is aborted. */
export async function* paced(
  lots: AsyncIterable<Lot>,
  pace: Pace,
  signal: AbortSignal | undefined,
): AsyncGenerator<Lot, void> {
  for await (const lot of lots) {
    await pace.turn(signal)
    pace.given(lot.images.length + lot.quarantined.length)
    yield lot
  }
}
