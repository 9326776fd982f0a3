import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pickPort } from '../../src/embedded/port.ts'

/** `crossfade serve` in a process of its own, which can be killed, suspended and started again. */
export interface GatewayProcess {
  readonly name: string
  readonly url: string
  /** How often it ended though nobody ended it. */
  readonly crashes: number
  /** Nothing happens where it runs. It may take a while until it listens. */
  start(): void
  /** Resolves when it is ready. @throws where it is not in time. */
  ready(): Promise<void>
  kill(): Promise<void>
  /** SIGSTOP, and SIGCONT where it is called with false. */
  suspend(suspended: boolean): void
  /** Ends it as an operator does. */
  stop(): Promise<void>
}

export interface GatewayOptions {
  readonly name: string
  readonly dataDir: string
  readonly env: Readonly<Record<string, string>>
  /** Default: the app of the history test. */
  readonly config?: string
}

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname
export const config = new URL('./app/crossfade.config.ts', import.meta.url).pathname

/** The machine may be busy. */
const readyMs = 120_000

export async function gatewayProcess({
  name,
  dataDir,
  env,
  config: app = config,
}: GatewayOptions): Promise<GatewayProcess> {
  const port = await pickPort(undefined, () => undefined)
  const origin = `http://127.0.0.1:${port}`
  let child: ChildProcess | null = null
  let crashes = 0
  process.on('exit', () => child?.kill('SIGKILL'))
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = child
    if (ending === null) return
    child = null
    const ended = once(ending, 'exit')
    ending.kill(signal)
    ending.kill('SIGCONT')
    await ended
  }
  return {
    name,
    url: `${origin}/graphql`,
    get crashes() {
      return crashes
    },
    start() {
      if (child) return
      const log = openSync(join(dataDir, `${name}.log`), 'a')
      const started = spawn(process.execPath, ['--conditions=@crossfade/source', main, 'serve', '--config', app], {
        env: { ...process.env, ...env, PORT: String(port), ADMIN_PORT: '0', CROSSFADE_DATA_DIR: join(dataDir, name) },
        stdio: ['ignore', log, log],
      })
      closeSync(log)
      started.on('exit', () => {
        if (child !== started) return
        crashes++
        child = null
      })
      child = started
    },
    async ready() {
      for (const end = performance.now() + readyMs; performance.now() < end; await sleep(100)) {
        if (child === null) break
        const answer = await fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(() => null)
        if (answer?.ok) return
      }
      throw new Error(`${name} does not become ready; see ${join(dataDir, `${name}.log`)}`)
    },
    kill: () => end('SIGKILL'),
    suspend: (suspended) => void child?.kill(suspended ? 'SIGSTOP' : 'SIGCONT'),
    stop: () => end('SIGTERM'),
  }
}
