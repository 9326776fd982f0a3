/** What `awaitWithin` returns when the time is over first. */
export const timedOut: unique symbol = Symbol('timed out')

/** Waits for `work` at most `ms` milliseconds. The work itself goes on; its failure is still the caller's to see. */
export async function awaitWithin<T>(work: Promise<T>, ms: number): Promise<T | typeof timedOut> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<typeof timedOut>((resolve) => {
    timer = setTimeout(resolve, ms, timedOut)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
