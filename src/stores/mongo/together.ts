import type { Steps } from '../store.ts'
import { storeNow } from './clock.ts'
import type { MongoConnection } from './connection.ts'
import { repeatedIds } from './repeated-ids.ts'
import { ReplayedSteps } from './replayed-steps.ts'
import { abort, commit, hasTransactions, inSession } from './transaction.ts'
import { transactionSteps } from './transaction-steps.ts'

/**
 * See `Authority.together`. A transaction sees the store as it was at its first step, and loses to whatever changes one of
 * its documents meanwhile, a mark that is taken off as well: its steps are run again then, see `ReplayedSteps`.
 *
 * @param alone the steps where there are no transactions.
 */
export async function together<T>(
  connection: MongoConnection,
  alone: Omit<Steps, 'isAtomic'>,
  work: (steps: Steps) => Promise<T>,
  mayCommit: () => void,
): Promise<T> {
  if (!(await hasTransactions(connection))) return work({ ...alone, isAtomic: false })
  let now: Promise<number> | undefined
  const clock = (): Promise<number> => (now ??= storeNow(connection))
  const newIds = repeatedIds()
  return inSession(connection, async (session) => {
    const begin = (): Steps => {
      session.startTransaction()
      return transactionSteps(connection, session, clock, newIds())
    }
    const replayed = new ReplayedSteps(begin, () => abort(session))
    const result = await work(replayed.steps)
    await replayed.attempt(async () => {
      mayCommit()
      await commit(session)
    })
    return result
  })
}
