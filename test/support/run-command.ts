import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname

export interface Said {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

type Environment = Readonly<Record<string, string>>

/** Runs a command of ours to its end. */
export async function runCommand(args: readonly string[], env: Environment): Promise<Said> {
  const options = { env: { ...process.env, ...env } }
  try {
    const said = await promisify(execFile)(process.execPath, ['--conditions=@crossfade/source', main, ...args], options)
    return { ...said, code: 0 }
  } catch (error) {
    return error as Said
  }
}

/** Runs `serve` until it says that it listens, asks `/readyz`, and stops it. */
export async function serveOnce(env: Environment): Promise<{ readonly text: string; readonly ready: string }> {
  const child = spawn(process.execPath, ['--conditions=@crossfade/source', main, 'serve'], {
    env: { ...process.env, PORT: '0', ...env },
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
  const ready = url === null ? '' : await (await fetch(`${url}/readyz`)).text()
  child.kill('SIGTERM')
  await ended
  return { text, ready }
}
