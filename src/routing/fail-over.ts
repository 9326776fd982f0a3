import { mayAnswerElsewhere, readError } from '../stores/failure.ts'
import type { Store } from '../stores/store.ts'
import { CrossfadeError } from '../util/errors.ts'

/** Whether the other store may answer a read that failed in this one. */
export const mayFailOver = (store: Store, error: unknown): boolean => mayAnswerElsewhere(store.failureOf(error))

/** What a read that failed in this store means to the caller; faults of ours stay what they are. */
export const readFailure = (store: Store, error: unknown): unknown => readError(store.failureOf(error), error)

/** Runs a read that only this store may answer. @throws as `readFailure` says. */
export async function readFrom<T>(store: Store, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    throw readFailure(store, error)
  }
}

/** Runs a read in place of a store that could not answer. @throws UNAVAILABLE where this one cannot, either. */
export async function readInstead<T>(store: Store, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!mayFailOver(store, error)) throw readFailure(store, error)
    throw new CrossfadeError('UNAVAILABLE', 'Neither data store answers; try again.', { cause: error })
  }
}
