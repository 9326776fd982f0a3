import { type ClientSession, MongoError, MongoErrorLabel } from 'mongodb'
import { onceFor } from '../../util/once-for.ts'
import { troubleOfWrite } from '../failure.ts'
import type { Outbox, RecordWrites, Steps } from '../store.ts'
import { storeNow } from './clock.ts'
import { deciding, type MongoConnection } from './connection.ts'
import { failureOf } from './errors.ts'
import { ReplayedSteps } from './replayed-steps.ts'
import { deploymentOf } from './server-check.ts'
import { transactionSteps } from './transaction-steps.ts'

interface Known {
  transactional: Promise<boolean> | undefined
}

const known = onceFor((_: MongoConnection): Known => ({ transactional: undefined }))

/** Whether the deployment has transactions: a set or a cluster does, a server by itself does not. It asks once. */
async function hasTransactions(connection: MongoConnection): Promise<boolean> {
  const found = known(connection)
  found.transactional ??= deploymentOf(connection).then(({ kind }) => kind !== 'standalone')
  try {
    return await found.transactional
  } catch (error) {
    found.transactional = undefined // asked again by the next
    throw troubleOfWrite('MongoDB', failureOf(error) ?? 'unreachable', error)
  }
}

/** The driver tries once more by itself, which the server takes for the same. @throws what it means to the caller. */
async function commit(session: ClientSession): Promise<void> {
  try {
    await session.commitTransaction()
  } catch (error) {
    const isUnknown = error instanceof MongoError && error.hasErrorLabel(MongoErrorLabel.UnknownTransactionCommitResult)
    const failure = isUnknown ? 'unknown' : failureOf(error)
    throw failure === null ? error : troubleOfWrite('MongoDB', failure, error)
  }
}

/**
 * See `Authority.together`. A transaction sees the store as it was at its first step, and loses to whatever changes one of
 * its documents meanwhile, a mark that is taken off as well: its steps are run again then, see `ReplayedSteps`.
 *
 * @param alone the steps where there are no transactions.
 */
export async function together<T>(
  connection: MongoConnection,
  alone: RecordWrites & Pick<Outbox, 'images'>,
  work: (steps: Steps) => Promise<T>,
  mayCommit: () => void,
): Promise<T> {
  if (!(await hasTransactions(connection))) return work({ ...alone, isAtomic: false })
  let now: Promise<number> | undefined
  const clock = (): Promise<number> => (now ??= storeNow(connection))
  const session = connection.client.startSession({
    defaultTransactionOptions: {
      readConcern: { level: 'snapshot' },
      writeConcern: deciding.writeConcern,
      readPreference: deciding.readPreference,
      maxCommitTimeMS: connection.maxTimeMs,
    },
  })
  // Where the server does not hear of it, the transaction ends by its time
  const abort = (): Promise<void> => session.abortTransaction().catch(() => undefined)
  const begin = (): Steps => {
    session.startTransaction()
    return transactionSteps(connection, session, clock)
  }
  const replayed = new ReplayedSteps(begin, abort)
  try {
    const result = await work(replayed.steps)
    await replayed.attempt(async () => {
      mayCommit()
      await commit(session)
    })
    return result
  } catch (error) {
    if (session.inTransaction()) await abort()
    throw error
  } finally {
    void session.endSession().catch(() => undefined)
  }
}
