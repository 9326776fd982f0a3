import { spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { JobsApart, Watching } from '../admin/jobs-apart.ts'
import { CrossfadeError } from '../util/errors.ts'
import { untilAborted } from './signals.ts'

/** This program, beside our sources and in the package. */
const program = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url))

/** Characters of what it said last, for where it tells nothing else. */
const mostSaid = 2_000

/** Operations a second that a replay asks of stores which serve clients meanwhile. */
const replayRate = 20

/** What a job tells whoever has begun it, on a channel of its own: an app may print whatever it likes. */
type Tidings<Progress, Found> = { readonly progress: Progress } | { readonly found: Found }

/** Tells the gateway that has begun this job; in a shell there is none. */
export const tellAsker = (tidings: Tidings<unknown, unknown>): void => void process.send?.(tidings)

/** Aborts on Ctrl-C, and once the gateway that has begun this job is gone; it keeps no process alive. */
export function untilNobodyAsks(): AbortSignal {
  const controller = untilAborted()
  process.once('disconnect', () => controller.abort())
  if (process.connected === false) controller.abort() // it has ended while this process came to be
  process.channel?.unref()
  return controller.signal
}

/** Where the machine has no priorities it goes beside the others. */
function giveWay(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // it is a favour
  }
}

/**
 * Commands in processes of their own, behind those who serve clients on the same machine. They end with this one.
 *
 * @param config the file that this process was told of.
 * @param closing ends those that are under way.
 */
export function jobsApart(config: string | undefined, closing: AbortSignal): JobsApart {
  const run = <Progress, Found>(command: string[], { signal, onProgress }: Watching<Progress>): Promise<Found> =>
    new Promise((resolve, reject) => {
      const named = config === undefined ? [] : ['--config', config]
      // A debugger listens at one port
      const options = process.execArgv.filter((each) => !each.startsWith('--inspect'))
      const child = spawn(process.execPath, [...options, program, ...command, '--json', ...named], {
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        serialization: 'advanced',
        signal: AbortSignal.any([signal, closing]),
      })
      let said = ''
      let last: { readonly found: Found } | null = null
      child.on('error', reject)
      child.on('message', (tidings: Tidings<Progress, Found>) => {
        if ('found' in tidings) last = tidings
        else onProgress(tidings.progress)
      })
      child.on('close', (code) => {
        if (last) resolve(last.found)
        else reject(new CrossfadeError('UNAVAILABLE', said.trim() || `\`${command[0]}\` ended with ${code}.`))
      })
      // Without a process there is none
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-mostSaid)
      })
      giveWay(child.pid)
    })
  return {
    verify: (type, watching) => run(['verify', type], watching),
    replay: (field, watching) =>
      run(['replay', '--rate', `${replayRate}`, ...(field === null ? [] : ['--field', field])], watching),
  }
}
