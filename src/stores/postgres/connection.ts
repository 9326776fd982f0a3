import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { awaitWithin, timedOut } from '../../util/await-within.ts'
import { Ending } from '../../util/ending.ts'
import { messageOf } from '../../util/errors.ts'
import { FairTurns } from '../../util/fair-turns.ts'
import type { Adopt } from '../store.ts'
import { cancelled } from './cancel.ts'
import { clientConfig } from './client-config.ts'
import { ConnectionFailure, isClear } from './connection-failure.ts'
import { type Executor, executorOf, type Rows } from './executor.ts'
import { type Pooling, poolingOf } from './pooler.ts'
import type { Prepared } from './prepared.ts'
import { giveBack, send } from './send.ts'
import { configureSession, leaveMs } from './session-settings.ts'
import { type Transaction, transaction } from './transaction.ts'

export interface PostgresOptions {
  readonly uri: string
  /** Connections at most. */
  readonly poolSize?: number
  /** What the server may spend on one statement, in milliseconds. */
  readonly statementTimeoutMs?: number
  /** What a call waits for a connection, in milliseconds; default 5,000. */
  readonly waitMs?: number
  /** Connections stay open while nobody uses them: a new one takes several ways to the server and back. */
  readonly keepsIdle?: boolean
  /** Default: rows that keep as unmapped what the mapping names by now can't be changed. */
  readonly adopt?: Adopt
}

export interface PostgresConnection extends Executor {
  readonly adopt: Adopt
  readonly pool: pg.Pool
  readonly statementTimeoutMs: number
  /** A connection of the pool, for what sends statements by itself; the caller releases it. */
  connect(): Promise<pg.PoolClient>
  /** Uses none of the open connections again: their other end may have vanished, which nobody tells. */
  distrust(): void
  /** What stands between us and the server. @throws like a statement where it cannot be reached. */
  pooling(): Promise<Pooling>
  /**
   * READ COMMITTED, committed when it returns. A connection that failed in an unclear state is thrown away. Statements
   * that are given together are sent together and run in their order: those that do not need each other's answers share
   * one way to the server and back.
   *
   * @param share whose it is, where one of many may stand still: no share ever has all connections, see `FairTurns`.
   * @throws ConnectionFailure `unknown` where COMMIT was sent and not answered; in any other case nothing was written.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>, share?: string): Promise<T>
}

/** "cached plan must not change result type" has no code of its own. Source: PostgreSQL's `plancache.c` */
const isStalePlan = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === '0A000' && error.routine === 'RevalidateCachedQuery'

/**
 * The statement was refused, and the session goes on behind it. By its class: the server says how grave an error is in its
 * own language.
 */
const isRefusal = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^(2[1-3]|4[024]|54|55P03|57014|P0|CF)/.test(error.code ?? '')

/** The next statement on the connection fails and tells. */
const ignore = (): void => undefined

/** What the end of a statement may take whose caller has left, in milliseconds. */
const cancelMs = 1_000

/** A connection whose caller has left before the answer, fit for the next one, or closed. */
async function takeBack(client: pg.PoolClient): Promise<void> {
  if (await cancelled(client, cancelMs)) return giveBack(client, false)
  client.connection.stream.destroy()
  await sleep(leaveMs) // until then the server may go on for it: another connection would make two
  giveBack(client, true)
}

const sharedSessions = (pooling: 'transaction' | 'statement'): string =>
  `a pooler in ${pooling} mode gives each ${pooling} another session, which loses time zone, timeouts and durable commits: ` +
  'set pool_mode = session for this user or database, or name the server itself'

/** Nothing is sent before the first call; a server that is down fails a call at once, one that is silent after five seconds. */
export function connectPostgres(options: PostgresOptions): PostgresConnection {
  const statementTimeoutMs = options.statementTimeoutMs ?? 10_000
  // A server that hangs does not time its statements; the client's own limit comes a little later
  const patienceMs = statementTimeoutMs + 1_000
  const poolSize = options.poolSize ?? 18
  const waitMs = options.waitMs ?? 5_000
  const full = (): ConnectionFailure =>
    new ConnectionFailure('full', `no connection to PostgreSQL was free within ${waitMs} ms`)
  const turns = new FairTurns(poolSize, waitMs, full)
  const config = clientConfig(options.uri, waitMs)
  let pooling: Promise<Pooling> | undefined
  const pool = new pg.Pool({
    ...config,
    max: poolSize,
    ...(options.keepsIdle ? { idleTimeoutMillis: 0 } : {}),
    pipeline: true,
    // The pool waits for it; its type says less
    onConnect: async (client: pg.ClientBase) => {
      const pid = await awaitWithin(configureSession(client, statementTimeoutMs), waitMs)
      if (pid === timedOut) {
        if (client instanceof pg.Client) client.connection.stream.destroy()
        throw new ConnectionFailure('unreachable', `PostgreSQL did not answer within ${waitMs} ms`)
      }
      pooling ??= poolingOf(client, pid, config)
      const found = await pooling.catch((error: unknown) => {
        pooling = undefined // looked at again by the next
        throw error
      })
      if (found === 'transaction' || found === 'statement') throw new ConnectionFailure('unfit', sharedSessions(found))
    },
  })
  pool.on('error', ignore) // an idle connection broke; the pool opens another
  const born = new WeakMap<pg.PoolClient, number>()
  let distrusted = Number.NEGATIVE_INFINITY
  const distrust = (): void => {
    distrusted = performance.now()
  }
  pool.on('connect', (client) => {
    born.set(client, performance.now())
    // One that breaks between two statements of whoever has it would end the process
    client.on('error', ignore)
  })

  function outOfReach(error: unknown): unknown {
    if (isClear(error)) return error
    // One that waited in vain for another's connection has neither code nor cause
    const waited = !pool.ending && error instanceof Error && !('code' in error) && error.cause === undefined
    if (waited) return full()
    return new ConnectionFailure('unreachable', `PostgreSQL cannot be reached: ${messageOf(error)}`, { cause: error })
  }

  /** Waits no longer than its caller; a connection that comes later goes back. */
  function checkOut(signal?: AbortSignal): Promise<pg.PoolClient> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal!.reason)
      // Also where one is free: several may ask before the first has it
      signal?.addEventListener('abort', onAbort)
      const take = (): void =>
        pool.connect((error, client) => {
          const isOld = client !== undefined && born.get(client)! <= distrusted
          if (client && (isOld || signal?.aborted)) giveBack(client, isOld)
          if (signal?.aborted) return
          if (isOld) return take()
          signal?.removeEventListener('abort', onAbort)
          if (client) resolve(client)
          else reject(outOfReach(error))
        })
      take()
    })
  }

  /** Once more where a table has changed under the statement: nothing was run, and a new connection plans it anew. */
  async function onPool<T>(...call: Parameters<Executor['runPrepared']>): Promise<Rows<T>> {
    try {
      return await sendOnce<T>(...call)
    } catch (error) {
      if (!isStalePlan(error)) throw error
      distrust() // the plans of others are as old
      return sendOnce<T>(...call)
    }
  }

  /** Where the caller leaves, the turn is taken for as long as the server is at it. */
  async function sendOnce<T>(statement: Prepared, values: readonly unknown[], signal?: AbortSignal): Promise<Rows<T>> {
    signal?.throwIfAborted()
    const turn = turns.take(signal)
    if (turn) await turn
    let client: pg.PoolClient | undefined
    let [isSound, hasLeft] = [true, false]
    try {
      signal?.throwIfAborted()
      client = await checkOut(signal)
      isSound = signal?.aborted === true // for one who has left meanwhile nothing is sent
      const { rows } = await send<T>(client, statement, values, patienceMs, 'unknown', signal)
      isSound = true
      return rows
    } catch (error) {
      hasLeft = !isSound && signal?.aborted === true && error === signal.reason
      isSound ||= isRefusal(error)
      throw error
    } finally {
      if (client && hasLeft) void takeBack(client).then(() => turns.done(signal))
      else {
        if (client) giveBack(client, !isSound)
        turns.done(signal)
      }
    }
  }

  const inTransaction: PostgresConnection['transaction'] = (work, share) => {
    const whose = share === undefined ? undefined : new Ending(undefined, { request: {}, type: share })
    return turns.run(whose, async () => transaction(await checkOut(), patienceMs, work))
  }

  async function how(): Promise<Pooling> {
    const client = await checkOut()
    client.release()
    return pooling! // known since the first connection
  }

  return Object.assign(executorOf(onPool), {
    adopt: options.adopt ?? (() => null),
    pool,
    statementTimeoutMs,
    connect: () => checkOut(),
    distrust,
    pooling: how,
    transaction: inTransaction,
  })
}
