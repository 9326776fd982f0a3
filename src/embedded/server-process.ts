import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** True where the process is the server that we recorded and not another that got its number. */
export function isOurs(pid: number, marker: string): boolean {
  if (!isAlive(pid)) return false
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(marker)
  } catch {
    try {
      return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(marker)
    } catch {
      return false
    }
  }
}

export interface SpawnOptions {
  readonly uid?: number
  readonly gid?: number
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
}

/** Starts a server in a group of its own: Ctrl-C reaches us alone, and the order of stopping is ours. */
export function spawnServer(
  command: string,
  args: readonly string[],
  logFile: string,
  options: SpawnOptions = {},
): ChildProcess {
  const log = openSync(logFile, 'a')
  try {
    const child = spawn(command, args, { detached: true, stdio: ['ignore', log, log], ...options })
    child.on('error', () => undefined) // seen as a server that never answers, with the log to tell why
    child.unref()
    return child
  } finally {
    closeSync(log)
  }
}

/** Repeats `attempt` until it succeeds; fails early where the process ends. @param ms how long at most. */
export async function untilReady<T>(pid: number | undefined, ms: number, attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + ms
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (pid === undefined || !isAlive(pid)) throw new Error('the server ended at once; see its log', { cause: error })
      if (Date.now() > deadline) throw error
      await sleep(50)
    }
  }
}

/** Asks a server to stop, and ends it where it does not within `ms` milliseconds. */
export async function stopProcess(pid: number, signal: NodeJS.Signals, ms = 10_000): Promise<void> {
  const deadline = Date.now() + ms
  if (isAlive(pid)) process.kill(pid, signal)
  while (isAlive(pid)) {
    if (Date.now() > deadline) process.kill(pid, 'SIGKILL')
    await sleep(50)
  }
}

const running = new Set<number>()
let watching = false

/** Ends the server with this process, however it ends short of `kill -9`; then the next start finds and reuses it. */
export function endWithUs(pid: number): void {
  running.add(pid)
  if (watching) return
  watching = true
  process.on('exit', () => {
    for (const each of running) if (isAlive(each)) process.kill(each, 'SIGTERM')
  })
}

export function forget(pid: number): void {
  running.delete(pid)
}
