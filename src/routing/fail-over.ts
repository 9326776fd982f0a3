import { times } from '../control/times.ts'
import { mayAnswerElsewhere } from '../stores/failure.ts'
import type { Store } from '../stores/store.ts'
import { CrossfadeError } from '../util/errors.ts'
import { until } from '../util/until.ts'

/** Whether the other store may answer a read that failed in this one. */
export const mayFailOver = (store: Store, error: unknown): boolean => mayAnswerElsewhere(store.failureOf(error))

/** What is known of the stores while one of them is waited for. */
export interface Waited {
  /** Whether there is still no other: where there is one again, this one is asked once more, and nothing is waited for. */
  readonly isAlone: () => boolean
  /** Whether it does not answer. */
  readonly isDown: () => boolean
}

/**
 * Asks a store that no other stands in for. Where it has no server at the moment, since there is an election, or hangs,
 * the question waits for one, as it would with the driver alone, until the signal ends it; without a signal it waits for
 * none.
 *
 * @throws what the store throws; the signal's reason.
 */
async function askPatiently<S extends Store, T>(
  store: S,
  ask: (store: S, signal?: AbortSignal) => Promise<T>,
  signal: AbortSignal | undefined,
  { isAlone, isDown }: Waited,
): Promise<T> {
  const isThere = (): boolean => (store.takesWrites() && !isDown()) || !isAlone()
  for (;;) {
    try {
      return await ask(store, signal)
    } catch (error) {
      const mayWait = signal !== undefined && store.failureOf(error) === 'unreachable' && !isThere()
      if (!mayWait || !(await until(isThere, times.request, signal))) throw error
    }
  }
}

/** Asks a store whose answer alone will do. @throws what its `readError` says; the signal's reason. */
export async function askOnly<S extends Store, T>(
  store: S,
  ask: (store: S, signal?: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
  isDown: () => boolean = () => false,
): Promise<T> {
  try {
    return await askPatiently(store, ask, signal, { isAlone: () => true, isDown })
  } catch (error) {
    throw store.readError(error)
  }
}

/**
 * Asks a store in place of one that could not answer.
 *
 * @throws UNAVAILABLE where it fails as well, for whatever reason of its own: the store that was decided on might have
 * answered. TRY_AGAIN where our connections to it are all taken. A fault of ours stays what it is, and so does the signal's
 * reason.
 */
export async function askInstead<S extends Store, T>(
  store: S,
  ask: (store: S, signal?: AbortSignal) => Promise<T>,
  signal: AbortSignal | undefined,
  waited: Waited,
): Promise<T> {
  try {
    return await askPatiently(store, ask, signal, waited)
  } catch (error) {
    const failure = store.failureOf(error)
    if (failure === null || failure === 'full') throw store.readError(error)
    throw new CrossfadeError('UNAVAILABLE', 'Neither data store answers; try again.', { cause: error })
  }
}
