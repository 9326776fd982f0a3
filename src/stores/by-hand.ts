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
  /** Makes a call at once: of a cursor, which is the side's own. */
  atOnce<R>(call: () => Promise<R>): Promise<R>
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
  /** Ends the call that is under way past the time, where the store may not do so itself. */
  readonly cut?: () => void
}

/**
 * Runs what is written by hand. Its calls are made one at a time; those that it has begun are waited for, and none begins
 * behind its end. A call that failed fails the whole, whatever became of its error: of a transaction nothing stands then.
 *
 * @throws UNAVAILABLE past its time; what the work throws, as it is; what a call has thrown.
 */
export async function carryOutByHand<T>(
  { store, ms, told, cut }: Bounds,
  work: (calls: Calls) => Promise<T>,
): Promise<T> {
  const failures: unknown[] = []
  const failed = (error: unknown): void => void failures.push(error)
  let last: Promise<unknown> = Promise.resolve()
  let [hasEnded, isCut] = [false, false]
  const inTurn: Calls['inTurn'] = (call) => {
    const begun = hasEnded ? Promise.reject(past()) : last
    const mine = begun.then(() => {
      if (isCut) throw past()
      return told(call)
    })
    const ended = mine.then(() => undefined, failed)
    if (!hasEnded) last = ended
    return mine
  }
  const check = (): void => {
    if (hasEnded) throw past()
  }
  const atOnce: Calls['atOnce'] = async (call) => {
    check()
    const mine = told(call)
    mine.catch(failed)
    return mine
  }
  let result: T | typeof timedOut
  try {
    result = await awaitWithin(work({ inTurn, atOnce, check }), ms)
    isCut = result === timedOut
    if (isCut) cut?.()
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
