import { createHash } from 'node:crypto'
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  sql,
} from 'kysely'
import pg from 'pg'
import { parseTimestamp } from './codec/timestamp.ts'

export interface PostgresOptions {
  readonly uri: string
  /** Connections at most. */
  readonly poolSize?: number
  /** What the server may spend on one statement, in milliseconds. */
  readonly statementTimeoutMs?: number
}

/** Compiles SQL and never runs it: statements run on our own connections, so that they can be prepared and pipelined. */
const compiler = new Kysely<Record<string, never>>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

/** A part that binds no values, turned to text once: it stands in many statements, each of which is compiled. */
export const constant = (part: RawBuilder<unknown>): RawBuilder<unknown> => sql.raw(part.compile(compiler).sql)

/** A statement that was compiled once; the values of its parameters are given each time, in their order. */
export interface Prepared {
  readonly text: string
  readonly name: string | undefined
}

/** Stands for a parameter in a statement that is prepared. */
export const slot: unknown = null

export function prepare(statement: RawBuilder<unknown>): Prepared {
  const { sql: text } = statement.compile(compiler)
  return { text, name: nameOf(text) }
}

const maxNames = 500 // statements a connection keeps prepared, at most; the shapes of an API are far fewer
const names = new Map<string, string>()

function nameOf(text: string): string | undefined {
  let name = names.get(text)
  if (!name && names.size < maxNames) {
    name = `cf_${createHash('sha1').update(text).digest('hex').slice(0, 16)}`
    names.set(text, name)
  }
  return name
}

type Rows<T> = readonly T[]

/** Runs one statement: on the pool, or inside a transaction. */
export interface Executor {
  run<T = Record<string, unknown>>(statement: RawBuilder<unknown>): Promise<Rows<T>>
  runPrepared<T = Record<string, unknown>>(statement: Prepared, values: readonly unknown[]): Promise<Rows<T>>
}

export interface PostgresConnection extends Executor {
  readonly pool: pg.Pool
  readonly statementTimeoutMs: number
  /**
   * READ COMMITTED, committed when it returns. A connection that failed in an unclear state is thrown away. Statements
   * that are given together are sent together and run in their order: those that do not need each other's answers share
   * one way to the server and back.
   */
  transaction<T>(work: (tx: Executor) => Promise<T>): Promise<T>
}

function executorOf(runPrepared: Executor['runPrepared']): Executor {
  return {
    run(statement) {
      const { sql: text, parameters } = statement.compile(compiler)
      return runPrepared({ text, name: nameOf(text) }, parameters)
    },
    runPrepared,
  }
}

interface Timed extends pg.QueryConfig {
  /** How long the client waits, in milliseconds; the driver counts from when the statement is sent. */
  readonly query_timeout?: number
}

async function send<T>(
  client: pg.Pool | pg.PoolClient,
  { text, name }: Prepared,
  values: readonly unknown[],
  timeoutMs: number,
): Promise<T[]> {
  const query: Timed = { name, text, values: [...values], query_timeout: timeoutMs }
  return (await client.query(query)).rows as T[]
}

/** The next statement on the connection fails and tells. */
const ignore = (): void => undefined

type Parser = (text: string) => unknown

const driverParser = pg.types.getTypeParser as (oid: number, format?: string) => Parser
const timestamptz = 1184
const arrays = { text: 1009, timestamptz: 1185, numeric: 1231 } // the OIDs of built-in types are fixed

function parserOf(oid: number, format?: string): Parser {
  const parser = driverParser(oid, format)
  if (oid === timestamptz) return parseTimestamp
  if (oid === arrays.numeric) return driverParser(arrays.text) // the driver makes them doubles
  if (oid !== arrays.timestamptz) return parser
  const texts = driverParser(arrays.text)
  return (text) => (texts(text) as (string | null)[]).map((each) => (each === null ? null : parseTimestamp(each)))
}

/** Thrown where COMMIT was sent and no answer came: the transaction may stand. */
export class UnknownCommit extends Error {}

/** Nothing is sent before the first call; a server that is down fails a call at once, one that is silent after five seconds. */
export function connectPostgres(options: PostgresOptions): PostgresConnection {
  const statementTimeoutMs = options.statementTimeoutMs ?? 10_000
  // A server that hangs does not time its statements; the client's own limit comes a little later
  const patienceMs = statementTimeoutMs + 1_000
  const pool = new pg.Pool({
    connectionString: options.uri,
    max: options.poolSize ?? 20,
    connectionTimeoutMillis: 5_000,
    statement_timeout: statementTimeoutMs,
    query_timeout: patienceMs,
    options: '-c timezone=UTC -c synchronous_commit=on',
    types: { getTypeParser: parserOf as typeof pg.types.getTypeParser },
    application_name: 'crossfade',
    keepAlive: true,
    pipeline: true,
  })
  pool.on('error', ignore) // an idle connection broke; the pool opens another

  async function transaction<T>(work: (tx: Executor) => Promise<T>): Promise<T> {
    const client = await pool.connect()
    // Between two statements nobody listens to the connection: one that breaks there would end the process.
    client.on('error', ignore)
    let broken = true
    try {
      const begun = client.query('begin')
      begun.catch(ignore)
      let waiting = 0
      let over = false
      // Answers come in order, so that waiting for `begin` costs nothing; where it fails, so does what was sent with it
      const tx = executorOf(async <T>(statement: Prepared, values: readonly unknown[]) => {
        if (over) throw new Error('The transaction is over; a statement of it would run, and stand, by itself.')
        waiting++
        // Each that was sent before it has the server for its own time first
        const sent = send<T>(client, statement, values, waiting * patienceMs)
        const [rows] = await Promise.all([sent.finally(() => waiting--), begun])
        return rows
      })
      let result: T
      try {
        result = await work(tx).finally(() => {
          over = true
        })
        await begun
      } catch (error) {
        await client.query('rollback').then(() => {
          broken = false
        }, ignore)
        throw error
      }
      let ended: string
      try {
        ended = (await client.query('commit')).command
        broken = false
      } catch (error) {
        // A constraint or a conflict is a refusal; anything else, a server that goes down included, is silence.
        broken = !(error instanceof pg.DatabaseError && /^(23|40)/.test(error.code ?? ''))
        if (broken) throw new UnknownCommit('COMMIT was not answered', { cause: error })
        throw error
      }
      // Where a statement had failed, the answer to COMMIT is ROLLBACK, and no error
      if (ended !== 'COMMIT') throw new Error('A statement failed and nobody minded: the transaction was rolled back.')
      return result
    } finally {
      client.off('error', ignore)
      client.release(broken)
    }
  }
  const onPool = executorOf((statement, values) => send(pool, statement, values, patienceMs))
  return { pool, statementTimeoutMs, transaction, ...onPool }
}
