/** Rejects with the signal's reason once it is aborted. For races with what is under way and need not be waited for. */
export function aborted(signal: AbortSignal | undefined): Promise<never> {
  const stopped = new Promise<never>((_, reject) => {
    if (signal?.aborted) reject(signal.reason)
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  stopped.catch(() => undefined)
  return stopped
}

/** The outcome of what is under way, which is not waited for once the signal is aborted: then its reason is thrown. */
export const unlessAborted = <T>(signal: AbortSignal | undefined, working: Promise<T>): Promise<T> =>
  Promise.race([working, aborted(signal)])
