import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { recordedServer, stopServer } from '../../src/embedded/find-server.ts'
import { pickPort } from '../../src/embedded/port.ts'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { binaries, installedServer, placeFor, serverUser } from '../../src/embedded/postgres-user.ts'

export interface Standby {
  readonly port: number
  /** Makes it a primary of its own; resolves when it takes writes. */
  promote(): Promise<void>
  stop(): Promise<void>
}

async function query(uri: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: uri })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(text)).rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}

async function until(look: () => Promise<boolean>): Promise<void> {
  for (let tries = 300; ; tries--) {
    if (await look().catch(() => false)) return
    if (tries === 0) throw new Error('the standby does not come')
    await sleep(100)
  }
}

/**
 * A standby of the embedded server of a data directory: a cold copy of its files that follows it. From then on a commit
 * there waits for the standby, so that what is acknowledged is in both.
 */
export async function startStandby(dataDir: string, primaryUri: string): Promise<Standby> {
  const log = (): void => undefined
  const { data } = recordedServer(dataDir, 'postgres')!
  await stopServer(dataDir, 'postgres')
  const user = serverUser()
  const copy = join(placeFor(user, mkdtempSync(join(tmpdir(), 'crossfade-standby-')), log), 'postgres')
  cpSync(data, copy, { recursive: true })
  const { hostname, port: primary, username, password } = new URL(primaryUri)
  const conninfo = `host=${hostname} port=${primary} user=${username} password=${password}`
  appendFileSync(join(copy, 'postgresql.auto.conf'), `primary_conninfo = '${conninfo}'\n`)
  writeFileSync(join(copy, 'standby.signal'), '')
  rmSync(join(copy, 'postmaster.pid'), { force: true })
  if (user) execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, copy])
  execFileSync('chmod', ['700', copy])
  await startPostgres({ dataDir, log })
  const port = await pickPort(undefined, log)
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', 'fsync=off']
  const args = ['-D', copy, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
  const child: ChildProcess = spawn(join(binaries(user, installedServer()), 'postgres'), args, {
    ...user,
    stdio: 'ignore',
    cwd: copy,
  })
  const own = new URL(primaryUri)
  own.port = String(port)
  const following = "select from pg_stat_replication where state = 'streaming'"
  await until(async () => (await query(primaryUri, following)).length === 1)
  await query(primaryUri, `alter system set synchronous_standby_names = '*'`)
  await query(primaryUri, 'select pg_reload_conf()')
  const synchronous = "select from pg_stat_replication where sync_state = 'sync'"
  await until(async () => (await query(primaryUri, synchronous)).length === 1)
  return {
    port,
    async promote() {
      await query(own.href, 'select pg_promote()')
      await until(async () => (await query(own.href, 'select pg_is_in_recovery() as standby'))[0]!['standby'] === false)
    },
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGQUIT')
      await ended
      rmSync(copy, { recursive: true, force: true })
    },
  }
}
