import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const hasProc = existsSync('/proc/self/stat')

function ps(column: string, pid: number): string {
  try {
    const args = ['-ww', '-o', `${column}=`, '-p', String(pid)]
    return execFileSync('ps', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return ''
  }
}

/** One-letter state and time of start, or null where there is no such process. */
function stateOf(pid: number): { state: string; started: string } | null {
  if (pid <= 0) return null
  if (!hasProc) {
    const started = ps('lstart', pid)
    return started === '' ? null : { state: ps('state', pid), started }
  }
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command's name stands in brackets and may hold spaces and brackets itself: proc_pid_stat(5).
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0]!, started: fields[19]! }
  } catch {
    return null
  }
}

/** True for a process that still runs; one that ended and was not yet waited for by its parent counts as gone. */
export function isAlive(pid: number): boolean {
  const found = stateOf(pid)
  return found !== null && !/^[ZX]/.test(found.state)
}

/** Names a process so that another with the same number is told apart; null where it is gone. */
export function identify(pid: number): string | null {
  return isAlive(pid) ? `${pid}@${stateOf(pid)?.started}` : null
}

/** True while the very process that `identify` named runs. */
export function stillRuns(identity: string): boolean {
  return identify(Number.parseInt(identity, 10)) === identity
}

/** True where the process runs with this argument: it is the server that we recorded, not another with its number. */
export function runsWith(pid: number, argument: string): boolean {
  if (!isAlive(pid)) return false
  if (!hasProc) return ps('command', pid).includes(argument)
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(argument)
  } catch {
    return false
  }
}

/** Processes whose working directory this is; null where the system cannot tell. */
export function workingIn(directory: string): number[] | null {
  if (!hasProc) return null
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === directory
      } catch {
        return false // it ended meanwhile, or is somebody else's
      }
    })
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It ended meanwhile.
  }
}

/**
 * Asks a process to stop, with each signal in turn where the one before has no effect within `ms` milliseconds.
 *
 * @throws Error where it outlives the last.
 */
export async function stopProcess(pid: number, signals: readonly NodeJS.Signals[], ms = 10_000): Promise<void> {
  for (const name of signals) {
    if (!isAlive(pid)) return
    signal(pid, name)
    signal(pid, 'SIGCONT') // one that was suspended could not obey
    const deadline = Date.now() + ms
    while (isAlive(pid) && Date.now() < deadline) await sleep(25)
  }
  if (isAlive(pid)) throw new Error(`Process ${pid} does not stop.`)
}
