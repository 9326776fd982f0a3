import { setTimeout as sleep } from 'node:timers/promises'
import type { Lot } from './lots.ts'

/**
 * Gives lots no faster than so many documents a second.
 *
 * @throws the reason of the signal as soon as it is aborted.
 */
export async function* paced(
  lots: AsyncIterable<Lot>,
  rate: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Lot, void> {
  const began = performance.now()
  let given = 0
  for await (const lot of lots) {
    const aheadMs = (given / rate) * 1_000 - (performance.now() - began)
    // With the signal's own reason, which Node's timers do not give
    if (aheadMs > 0) await sleep(aheadMs, undefined, { signal }).catch(() => signal?.throwIfAborted())
    yield lot
    given += lot.images.length + lot.quarantined.length
  }
}
