/** What `awaitWithin` returns when the time is over first. */
export const timedOut: unique symbol = Symbol('timed out')

/**
 * Waits for `work` at most `ms` milliseconds. The work itself goes on; its failure is still the caller's to see.
 *
 * @param signal ends the wait before.
 * @throws the signal's reason.
 */
export async function awaitWithin<T>(work: Promise<T>, ms: number, signal?: AbortSignal): Promise<T | typeof timedOut> {
  let timer: NodeJS.Timeout | undefined
  let onAbort: (() => void) | undefined
  const limit = new Promise<typeof timedOut>((resolve, reject) => {
    timer = setTimeout(resolve, ms, timedOut)
    if (!signal) return
    onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
    if (onAbort) signal?.removeEventListener('abort', onAbort)
  }
}
