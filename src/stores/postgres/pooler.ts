import pg from 'pg'
import { awaitWithin, timedOut } from '../../util/await-within.ts'
import { ConnectionFailure } from './connection-failure.ts'

/**
 * What stands between a client and the server. A pooler answers with session numbers of its own; whether it keeps a
 * server's session for as long as ours shows where two clients meet in one.
 */
export type Pooling = 'none' | 'session' | 'transaction' | 'statement'

const looks = 5
const patienceMs = 2_000
const protocolViolation = '08P01'

const pidOf = async (client: pg.ClientBase): Promise<number> =>
  (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]!.pid

/** Whether `other` came to the server's session of `client`, or that one to another, within one look. */
async function meet(client: pg.ClientBase, other: pg.ClientBase): Promise<boolean> {
  const before = await pidOf(client)
  await other.query('begin')
  try {
    return (await pidOf(other)) === before || (await pidOf(client)) !== before
  } finally {
    await other.query('rollback')
  }
}

/** How a pooler shares the server's sessions, seen from a connection that nobody else uses. */
async function share(client: pg.ClientBase, config: pg.ClientConfig): Promise<Exclude<Pooling, 'none'>> {
  const other = new pg.Client(config)
  other.on('error', () => undefined)
  try {
    await other.connect()
    for (let look = 0; look < looks; look++) if (await meet(client, other)) return 'transaction'
    return 'session'
  } catch (error) {
    // "Transaction blocks not allowed"
    if (error instanceof pg.DatabaseError && error.code === protocolViolation) return 'statement'
    throw error
  } finally {
    await other.end().catch(() => undefined)
  }
}

/**
 * What a new connection goes through.
 *
 * @param pid the server's number of the session, as the server tells it.
 * @throws ConnectionFailure where a pooler lets nobody else in, so that it does not show.
 */
export async function poolingOf(client: pg.ClientBase, pid: number, config: pg.ClientConfig): Promise<Pooling> {
  if ('processID' in client && client.processID === pid) return 'none'
  const found = await awaitWithin(share(client, config), patienceMs)
  if (found !== timedOut) return found
  const text = `the pooler in front of PostgreSQL gave no second connection within ${patienceMs / 1_000} s: see default_pool_size`
  throw new ConnectionFailure('busy', text)
}
