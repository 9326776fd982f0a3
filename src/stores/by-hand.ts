import { awaitWithin, timedOut } from '../util/await-within.ts'
import { CrossfadeError } from '../util/errors.ts'
import { troubleOfWrite } from './failure.ts'

/** What is written by hand for each store, which knows itself what its side takes. */
export interface Sides<T> {
  readonly mongo: (hand: never) => Promise<T>
  readonly postgres: (hand: never) => Promise<T>
}

/** Records that were touched whose mirror the reply may wait for, of one call; the sweep brings the others. */
export const maxAwaited = 200

/** How what is given to a side asks its store. */
export interface Calls {
  /** Puts a call behind those before it. */
  inTurn<R>(call: () => Promise<R>): Promise<R>
  /** @throws MISCONFIGURED once the write has ended. */
  check(): void
}

const past = (): CrossfadeError => {
  const remedy = 'Wait for each call inside of the function that byHand() is given.'
  return new CrossfadeError('MISCONFIGURED', `A write by hand has ended. ${remedy}`)
}

export interface Bounds {
  readonly store: string
  /** What all of it may take, in milliseconds. */
  readonly ms: number
  /** Makes a call. @throws what a failure of the store means. */
  readonly told: <R>(call: () => Promise<R>) => Promise<R>
}

/**
 * Runs what is written by hand. Its calls are made one at a time; those that it has begun are waited for, and none begins
 * behind its end. A call that failed fails the whole, whatever became of its error: of a transaction nothing stands then.
 *
 * @throws UNAVAILABLE past its time; what the work throws, as it is; what a call has thrown.
 */
export async function carryOutByHand<T>({ store, ms, told }: Bounds, work: (calls: Calls) => Promise<T>): Promise<T> {
  const failures: unknown[] = []
  let last: Promise<unknown> = Promise.resolve()
  let [hasEnded, isCut] = [false, false]
  const inTurn: Calls['inTurn'] = (call) => {
    const begun = hasEnded ? Promise.reject(past()) : last
    const mine = begun.then(() => {
      if (isCut) throw past()
      return told(call)
    })
    const ended = mine.then(
      () => undefined,
      (error: unknown) => void failures.push(error),
    )
    if (!hasEnded) last = ended
    return mine
  }
  const check = (): void => {
    if (hasEnded) throw past()
  }
  let result: T | typeof timedOut
  try {
    result = await awaitWithin(work({ inTurn, check }), ms)
    isCut = result === timedOut
  } catch (error) {
    isCut = true
    throw error
  } finally {
    hasEnded = true
    await last
  }
  if (result === timedOut)
    throw troubleOfWrite(store, 'timeout', new Error(`what was written by hand took longer than ${ms} ms`))
  if (failures.length > 0) throw failures[0]
  return result
}
