/** What `awaitWithin` returns when the time is over first. */
export const timedOut: unique symbol = Symbol('timed out')

/** Waits for `work` at most `ms` milliseconds. The work itself goes on; its failure is still the caller's to see. */
export function awaitWithin<T>(work: Promise<T>, ms: number): Promise<T | typeof timedOut> {
  // One promise, and no race of two: each request waits so
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms, timedOut)
    work.then(
      (result) => {
        clearTimeout(timer)
        resolve(result)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}
