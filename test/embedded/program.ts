import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { isAlive } from '../../src/embedded/running-process.ts'
import type { Stores } from '../../src/embedded/start-stores.ts'

/** Another program that started stores, once they answer. */
export async function program(
  dataDir: string,
  mode: 'both' | 'postgres' | 'keep',
): Promise<{ child: ChildProcess; stores: Stores }> {
  const file = new URL('start-and-wait.ts', import.meta.url).pathname
  const args = ['--conditions=@crossfade/source', file, dataDir, mode]
  // In a group of its own, so that a test can do to it what Ctrl-C in a terminal does.
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => {
    if (child.exitCode === null) child.kill('SIGKILL')
  })
  const [text] = await once(child.stdout!, 'data')
  return { child, stores: JSON.parse(String(text)) }
}

/** Waits until the processes have ended. @throws Error that names those which have not after 15 s. */
export async function ended(pids: (number | null | undefined)[]): Promise<void> {
  const deadline = Date.now() + 15_000
  for (;;) {
    const left = pids.filter((pid) => isAlive(pid!))
    if (left.length === 0) return
    if (Date.now() > deadline) throw new Error(`still running: ${left}`)
    await sleep(50)
  }
}
