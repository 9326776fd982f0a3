import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { config } from '../history/gateway-process.ts'

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname

/** Of a process, in megabytes; 0 where it is gone. */
function residentMegabytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024
  } catch {
    return 0
  }
}

/** `crossfade worker` in a process of its own, which is killed and started again. */
export interface WorkerProcess {
  /** All that it has said, also before it was killed. */
  readonly said: string
  /** Of the process that runs, in megabytes. */
  readonly resident: number
  start(): void
  /** Resolves once it works on a range, or the time is over. */
  atWork(ms: number): Promise<boolean>
  /** @returns the code that it ended with; null where it was killed. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

export function workerProcess(args: readonly string[], env: Readonly<Record<string, string>>): WorkerProcess {
  let child: ChildProcess | null = null
  let said = ''
  let begun = 0
  process.on('exit', () => child?.kill('SIGKILL'))
  return {
    get said() {
      return said
    },
    get resident() {
      return child?.pid === undefined ? 0 : residentMegabytes(child.pid)
    },
    start() {
      begun = said.length
      child = spawn(process.execPath, ['--conditions=@crossfade/source', main, 'worker', ...args, '--config', config], {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      child.stderr!.on('data', (chunk) => {
        said += chunk
      })
    },
    async atWork(ms) {
      const started = child
      for (const end = performance.now() + ms; performance.now() < end; await sleep(20))
        if (said.indexOf('"job":"backfill"', begun) >= 0) return true
        else if (started?.exitCode !== null) throw new Error(`a worker ended by itself: ${said.slice(begun)}`)
      return false
    },
    async end(signal) {
      if (child === null) return null
      const ending = child
      const ended = once(ending, 'exit')
      if (ending.exitCode === null && ending.signalCode === null) {
        ending.kill(signal)
        await ended
      }
      return ending.exitCode
    },
  }
}
