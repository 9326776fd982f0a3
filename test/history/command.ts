import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { config } from './gateway-process.ts'

export interface Said {
  /** Null where it was killed. */
  readonly code: number | null
  readonly stdout: string
  /** What it told on both, for the log. */
  readonly text: string
}

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * Runs a command of ours in a process of its own.
 *
 * @param killAfterMs when it is killed; default: never.
 * @param app its configuration; default: that of the history test.
 */
export async function command(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  killAfterMs?: number,
  app = config,
): Promise<Said> {
  const child = spawn(process.execPath, ['--conditions=@crossfade/source', main, ...args, '--config', app], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let [stdout, text] = ['', '']
  child.stdout.on('data', (chunk) => {
    stdout += chunk
    text += chunk
  })
  child.stderr.on('data', (chunk) => {
    text += chunk
  })
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  await once(child, 'close')
  clearTimeout(timer)
  running.delete(child)
  return { code: child.exitCode, stdout, text: text.trim() }
}

/** Runs one to its end. @throws with what it said where it fails. */
export async function commanded(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const { code, stdout, text } = await command(args, env)
  if (code !== 0) throw new Error(`crossfade ${args.join(' ')} ended with ${code}: ${text}`)
  return stdout
}
