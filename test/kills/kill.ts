import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TcpProxy, Watch } from '../support/tcp-proxy.ts'
import type { Task, Ways } from './child.ts'

/** Where a child is killed: at its n-th message to a store, before that arrives, or at the n-th answer. */
export interface Point {
  readonly way: 'request' | 'answer'
  readonly n: number
}

/** The driver looks after its servers by messages of its own. */
const isOfTheDriver = (chunk: Buffer): boolean =>
  /hello|ismaster|endSessions|killCursors/i.test(chunk.toString('latin1'))

export interface Killed {
  /** False where the child did what it was to do before it came so far. */
  readonly wasKilled: boolean
  /** What it was to write was acknowledged before. */
  readonly wasAcknowledged: boolean
}

export interface Child {
  /** Told to do its task, it is killed at the point. */
  killAt(task: Task, point: Point, proxies: readonly TcpProxy[]): Promise<Killed>
  end(): void
}

/**
 * A process of its own that waits for its task, connected to both stores: it starts while the one before is looked at.
 *
 * @param program see `bundleChild`.
 */
export function startChild(program: string, ways: Ways): Child {
  const child = spawn(process.execPath, [program, JSON.stringify(ways)], { stdio: ['pipe', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  const ended = once(child, 'exit')
  return {
    async killAt(task, point, proxies) {
      while (!said.includes('ready')) {
        if (child.exitCode !== null) throw new Error('the child ended before it was ready')
        await new Promise((done) => setTimeout(done, 10))
      }
      let count = 0
      let wasKilled = false
      const watch: Watch = (way, chunk) => {
        if (wasKilled) return false
        if (way !== point.way || isOfTheDriver(chunk) || ++count < point.n) return true
        wasKilled = true
        child.kill('SIGKILL')
        return false
      }
      for (const proxy of proxies) proxy.watch(watch)
      child.stdin.write(`${JSON.stringify(task)}\n`)
      await ended
      for (const proxy of proxies) proxy.watch(null)
      if (!wasKilled && !said.includes('done')) throw new Error('the child failed by itself')
      return { wasKilled, wasAcknowledged: said.includes('acknowledged') }
    },
    end: () => child.kill('SIGKILL'),
  }
}
