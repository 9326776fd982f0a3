import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerUser } from './postgres-user.ts'
import { stopSignals } from './run-server.ts'
import { runsWith, signal, stopProcess, workingIn } from './running-process.ts'
import { stderrOf } from './stderr-of.ts'

function run(command: string, args: string[], user: ServerUser, cwd: string, input = ''): void {
  try {
    execFileSync(command, args, { ...user, cwd, input, stdio: ['pipe', 'ignore', 'pipe'] })
  } catch (error) {
    const why = stderrOf(error) || String(error)
    throw new Error(`PostgreSQL: ${command} failed: ${why}`, { cause: error })
  }
}

/** Makes the data folder beside its place and moves it there when it is whole: half of one would never start. */
export function createCluster(bin: string, data: string, password: string, user: ServerUser): void {
  const half = `${data}.new`
  const secret = `${data}.password`
  rmSync(half, { recursive: true, force: true })
  mkdirSync(half, { mode: 0o700 })
  writeFileSync(secret, password, { mode: 0o600 })
  if (user) for (const path of [half, secret]) chownSync(path, user.uid, user.gid)
  const auth = ['-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', secret]
  try {
    run(
      join(bin, 'initdb'),
      ['-D', half, ...auth, '-E', 'UTF8', '--locale=C', '--no-instructions'],
      user,
      dirname(data),
    )
    renameSync(half, data)
  } finally {
    rmSync(secret, { force: true })
  }
}

/** Sets the password of a stopped cluster whose password is not known any more. */
export function resetPassword(bin: string, data: string, password: string, user: ServerUser): void {
  const statement = `alter role postgres password '${password}'\n`
  run(join(bin, 'postgres'), ['--single', '-D', data, 'postgres'], user, data, statement)
}

const backendsMs = 2_000

/**
 * After `kill -9` the lock file names a process that is gone, whose last backends may still be at work and hold its
 * shared memory; PostgreSQL refuses to start until they end. They notice at their next pause, which a long query may
 * not have, so those that take longer are ended. They form no process group: each makes a session of its own.
 */
export async function clearLeftovers(data: string, log: (line: string) => void): Promise<void> {
  const lockFile = join(data, 'postmaster.pid')
  if (!existsSync(lockFile)) return
  const postmaster = Number.parseInt(readFileSync(lockFile, 'utf8'), 10)
  if (runsWith(postmaster, data)) {
    log(`A PostgreSQL that is not recorded runs on ${data}; stopping it (pid ${postmaster}).`)
    await stopProcess(postmaster, stopSignals.postgres)
  }
  const deadline = Date.now() + backendsMs
  for (let backends = workingIn(data); backends && backends.length > 0; backends = workingIn(data)) {
    if (Date.now() > deadline) for (const pid of backends) signal(pid, 'SIGKILL')
    if (Date.now() > 2 * backendsMs + deadline) throw new Error(`PostgreSQL: processes ${backends} use ${data}.`)
    await sleep(25)
  }
  // The number in it may be another process's by now, which PostgreSQL would take for its own.
  if (workingIn(data)) rmSync(lockFile, { force: true })
}
