import { setTimeout as sleep } from 'node:timers/promises'

/** Between two looks, in milliseconds. */
const intervalMs = 50

/** Looks until something is there, and gives it. Null where the time, in milliseconds, or the signal is over first. */
export async function until<T>(look: () => T | null | false, ms: number, signal?: AbortSignal): Promise<T | null> {
  const end = performance.now() + ms
  while (!signal?.aborted) {
    const found = look()
    if (found !== null && found !== false) return found
    if (performance.now() > end) return null
    await sleep(intervalMs)
  }
  return null
}
