import { CrossfadeError } from '../util/errors.ts'

const connectionErrors =
  /ECONN|EPIPE|ETIMEDOUT|Connection terminated|connection timeout|timeout exceeded|terminating connection|starting up|shutting down|MongoNetwork|MongoServerSelection|MongoPool|MongoTopology/

const code = (error: Error): unknown => (error as { code?: unknown }).code

/** The store could not be asked, so that the other one may be. */
export const isConnection = (error: unknown): boolean =>
  error instanceof Error && connectionErrors.test(`${error.name} ${error.message} ${String(code(error))}`)

/** The store gave up (PostgreSQL's query_canceled, MongoDB's MaxTimeMSExpired), or we gave up waiting for it. */
const isTimeout = (error: unknown): boolean =>
  error instanceof Error && (code(error) === '57014' || code(error) === 50 || error.message === 'Query read timeout')

/** What a read that failed means to the caller; faults of ours stay what they are. */
export function readError(error: unknown): unknown {
  if (isConnection(error)) {
    return new CrossfadeError('UNAVAILABLE', 'The data store does not answer; try again.', { cause: error })
  }
  if (isTimeout(error)) {
    return new CrossfadeError('UNAVAILABLE', 'The query took too long; ask for less.', { cause: error })
  }
  return error
}
