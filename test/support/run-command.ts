import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname

export interface Said {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

type Environment = Readonly<Record<string, string>>

/** Runs a command of ours to its end. @param cwd default: the repository. */
export async function runCommand(args: readonly string[], env: Environment, cwd?: string): Promise<Said> {
  const options = { env: { ...process.env, ...env }, cwd }
  try {
    const said = await promisify(execFile)(process.execPath, ['--conditions=@crossfade/source', main, ...args], options)
    return { ...said, code: 0 }
  } catch (error) {
    return error as Said
  }
}

/** Where `serve` has its admin port, by what it has said. */
export async function adminUrl(said: () => string): Promise<string> {
  while (!/admin port listens/.test(said())) await sleep(20)
  return /admin port listens at (http:[^\s;]+)/.exec(said())![1]!
}

/** Runs `serve` until it says that it listens, asks `/readyz`, and stops it. */
export async function serveOnce(env: Environment): Promise<{ readonly text: string; readonly ready: string }> {
  const { text, answer } = await askServed([], env, async (url) => (await fetch(`${url}/readyz`)).text())
  return { text, ready: answer ?? '' }
}

/**
 * Runs `serve` until it says that it listens, asks what stands at its address, and stops it. Null where it never listens.
 *
 * @param ask is given what it has said so far, too, and what ends it at once by a signal, and waits until it has.
 */
export async function askServed<T>(
  args: readonly string[],
  env: Environment,
  ask: (url: string, said: () => string, end: (signal: NodeJS.Signals) => Promise<unknown>) => Promise<T>,
): Promise<{ readonly text: string; readonly answer: T | null }> {
  const child = spawn(process.execPath, ['--conditions=@crossfade/source', main, 'serve', ...args], {
    env: { ...process.env, PORT: '0', ADMIN_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  let text = ''
  const url = await new Promise<string | null>((resolve) => {
    const hear = (chunk: Buffer): void => {
      text += String(chunk)
      const found = /listens at (http:\S+)\/graphql/.exec(text)
      if (found) resolve(found[1]!)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('exit', () => resolve(null))
  })
  try {
    const end = (signal: NodeJS.Signals): Promise<unknown> => {
      child.kill(signal)
      return ended
    }
    return { answer: url === null ? null : await ask(url, () => text, end), text }
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}
