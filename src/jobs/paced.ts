import { setTimeout as sleep } from 'node:timers/promises'
import type { Lot } from './lots.ts'

/** How fast lots may come, all that share it taken together. */
export class Pace {
  readonly #rate: number
  readonly #began = performance.now()
  #given = 0

  /** @param rate documents a second at most. */
  constructor(rate = Number.POSITIVE_INFINITY) {
    this.#rate = rate
  }

  /** Waits until what was given so far is due. @throws the reason of the signal as soon as it is aborted. */
  async turn(signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      const aheadMs = (this.#given / this.#rate) * 1_000 - (performance.now() - this.#began)
      if (!(aheadMs > 0)) return
      // With the signal's own reason, which Node's timers do not give
      await sleep(aheadMs, undefined, { signal }).catch(() => signal?.throwIfAborted())
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
