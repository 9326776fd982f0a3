import { spawn } from 'node:child_process'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../util/errors.ts'
import { endWithUs, forget } from './end-with-us.ts'
import { pickPort } from './port.ts'
import { identify, isAlive, stopProcess } from './running-process.ts'
import type { StartedStore, StartOptions } from './started-store.ts'
import { type Part, readState, type ServerState, writeState } from './state.ts'

/** What a server says of itself. */
export interface Answer {
  readonly name: string
  readonly version: string
}

/** How one server is started on its data directory, asked, and stopped. */
export interface ServerPlan {
  readonly part: Part
  /** Directory of its files. Its command line names it, by which the process is known again. */
  readonly data: string
  readonly command: string
  readonly args: (port: number) => string[]
  readonly logFile: string
  readonly as?: { readonly uid: number; readonly gid: number } | null
  /** What else to remember for the next start. */
  readonly remember: Pick<ServerState, 'choice' | 'password'>
  readonly uri: (port: number) => string
  /** Makes it ready for use and asks what it is; rejects while it does not answer. */
  readonly ready: (port: number) => Promise<Answer>
}

/** Signals that stop a server, from the polite to the last. */
export const stopSignals: Record<Part, readonly [NodeJS.Signals, ...NodeJS.Signals[]]> = {
  mongo: ['SIGTERM', 'SIGKILL'],
  postgres: ['SIGINT', 'SIGQUIT', 'SIGKILL'], // SIGTERM would wait until the last client has gone
}

/** Starts it in a session of its own: Ctrl-C reaches us alone, so the order of stopping is ours. */
function spawnServer({ command, args, data, logFile, as }: ServerPlan, port: number): { pid: number; offset: number } {
  const log = openSync(logFile, 'a')
  try {
    const offset = fstatSync(log).size
    const child = spawn(command, args(port), { detached: true, stdio: ['ignore', log, log], cwd: data, ...as })
    child.on('error', () => undefined) // seen below, as a server without a pid
    child.unref()
    return { pid: child.pid ?? 0, offset }
  } finally {
    closeSync(log)
  }
}

/** Repeats `attempt` until it succeeds; fails early where the process ends, else after `ms` milliseconds. */
export async function untilReady<T>(pid: number, ms: number, attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + ms
  for (;;) {
    if (!isAlive(pid)) throw new Error('it ended at once')
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > deadline)
        throw new Error(`no answer within ${ms / 1_000} s: ${messageOf(error)}`, { cause: error })
      await sleep(50)
    }
  }
}

function lastWords(logFile: string, offset: number): string {
  const lines = readFileSync(logFile).subarray(offset).toString().trim().split('\n')
  return lines.slice(-3).join(' | ') || `${logFile} says nothing`
}

/**
 * Starts a server on its remembered port, waits until it answers, and logs one line.
 *
 * @throws Error with the reason and the server's last words; then it was stopped and is not remembered.
 */
export async function runServer(plan: ServerPlan, options: StartOptions & { began: number }): Promise<StartedStore> {
  const { part, data, logFile, remember } = plan
  const { dataDir, log } = options
  const before = readState(dataDir, part)
  const port = await pickPort(before?.port, log)
  const { pid, offset } = spawnServer(plan, port)
  // Recorded before it answers, so that it's found even if we are killed meanwhile.
  const owner = options.keep ? null : identify(process.pid)
  writeState(dataDir, part, { port, pid, data, owner, ...remember })
  if (pid > 0 && !options.keep) endWithUs(pid, stopSignals[part][0])
  try {
    const { name, version } = await untilReady(pid, 30_000, () => plan.ready(port))
    log(`${name} ${version} at 127.0.0.1:${port}, started in ${Math.round(performance.now() - options.began)} ms`)
    return { name, version, uri: plan.uri(port), pid, startedHere: true }
  } catch (error) {
    await stopProcess(pid, stopSignals[part])
    forget(pid)
    writeState(dataDir, part, before && { ...before, pid: 0 })
    throw new Error(`${plan.command}: ${messageOf(error)}: ${lastWords(logFile, offset)}`, { cause: error })
  }
}
