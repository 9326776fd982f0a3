import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pickPort } from '../../src/embedded/port.ts'
import { serverUser } from '../../src/embedded/postgres-user.ts'

/** PgBouncer's version, such as `1.18.0`; null where it is not on PATH. */
export function pgbouncerVersion(): string | null {
  try {
    return /PgBouncer (\S+)/.exec(execFileSync('pgbouncer', ['--version'], { encoding: 'utf8' }))?.[1] ?? null
  } catch {
    return null
  }
}

export interface PgBouncer {
  readonly uri: string
  stop(): Promise<void>
}

/** A PgBouncer in front of a server, on loopback; as root it runs as the user `postgres`, since it refuses root. */
export async function startPgBouncer(
  server: string,
  mode: 'session' | 'transaction' | 'statement',
  poolSize = 40,
): Promise<PgBouncer> {
  const { hostname, port: behind, username, password, pathname } = new URL(server)
  const port = await pickPort(undefined, () => undefined)
  const dir = mkdtempSync(join(tmpdir(), 'crossfade-pgbouncer-'))
  writeFileSync(join(dir, 'users.txt'), `"${username}" "${password}"\n`)
  const config = [
    '[databases]',
    `* = host=${hostname} port=${behind}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = scram-sha-256',
    `auth_file = ${join(dir, 'users.txt')}`,
    `pool_mode = ${mode}`,
    `default_pool_size = ${poolSize}`,
    'server_idle_timeout = 1', // a database in use cannot be dropped
  ]
  writeFileSync(join(dir, 'pgbouncer.ini'), `${config.join('\n')}\n`)
  const user = serverUser()
  if (user) for (const path of ['.', 'users.txt', 'pgbouncer.ini']) chownSync(join(dir, path), user.uid, user.gid)
  const child = spawn('pgbouncer', [join(dir, 'pgbouncer.ini')], { ...user, stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  let said = ''
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`pgbouncer: ${said}`)))
    child.stderr.on('data', (chunk) => {
      said += String(chunk)
      if (said.includes('process up')) resolve()
    })
  })
  return {
    uri: `postgresql://${username}:${password}@127.0.0.1:${port}${pathname}`,
    async stop() {
      child.kill('SIGKILL')
      await ended
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
