import { type ClientSession, MongoError, MongoErrorLabel } from 'mongodb'
import { onceFor } from '../../util/once-for.ts'
import { troubleOfWrite } from '../failure.ts'
import { deciding, type MongoConnection } from './connection.ts'
import { failureOf } from './errors.ts'
import { deploymentOf } from './server-check.ts'

interface Known {
  transactional: Promise<boolean> | undefined
}

const known = onceFor((_: MongoConnection): Known => ({ transactional: undefined }))

/** Whether the deployment has transactions: a set or a cluster does, a server by itself does not. It asks once. */
export async function hasTransactions(connection: MongoConnection): Promise<boolean> {
  const found = known(connection)
  found.transactional ??= deploymentOf(connection).then(({ kind }) => kind !== 'standalone')
  try {
    return await found.transactional
  } catch (error) {
    found.transactional = undefined // asked again by the next
    throw troubleOfWrite('MongoDB', failureOf(error) ?? 'unreachable', error)
  }
}

/** A session whose transactions see the store as it was at their first step, and are durable once they are committed. */
const transactionSession = (connection: MongoConnection): ClientSession =>
  connection.client.startSession({
    defaultTransactionOptions: {
      readConcern: { level: 'snapshot' },
      writeConcern: deciding.writeConcern,
      readPreference: deciding.readPreference,
      maxCommitTimeMS: connection.maxTimeMs,
    },
  })

/** The driver tries once more by itself, which the server takes for the same. @throws what it means to the caller. */
export async function commit(session: ClientSession): Promise<void> {
  try {
    await session.commitTransaction()
  } catch (error) {
    const isUnknown = error instanceof MongoError && error.hasErrorLabel(MongoErrorLabel.UnknownTransactionCommitResult)
    const failure = isUnknown ? 'unknown' : failureOf(error)
    throw failure === null ? error : troubleOfWrite('MongoDB', failure, error)
  }
}

/** Where the server does not hear of it, the transaction ends by its time. */
export const abort = (session: ClientSession): Promise<void> => session.abortTransaction().catch(() => undefined)

/** Runs the work in a session, whose transaction does not outlive it. */
export async function inSession<T>(
  connection: MongoConnection,
  work: (session: ClientSession) => Promise<T>,
): Promise<T> {
  const session = transactionSession(connection)
  try {
    return await work(session)
  } catch (error) {
    if (session.inTransaction()) await abort(session)
    throw error
  } finally {
    void session.endSession().catch(() => undefined)
  }
}

/** Runs the work in one transaction, which stands where the work did not throw. It is not tried again. */
export const inTransaction = <T>(
  connection: MongoConnection,
  work: (session: ClientSession) => Promise<T>,
): Promise<T> =>
  inSession(connection, async (session) => {
    session.startTransaction()
    const result = await work(session)
    await commit(session)
    return result
  })
