import { spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Verifies } from '../admin/verifies.ts'
import type { VerifyProgress } from '../jobs/verification.ts'
import type { Verified } from '../jobs/verify.ts'
import { CrossfadeError } from '../util/errors.ts'

/** This program, beside our sources and in the package. */
const program = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url))

/** Characters of what it said last, for where it tells nothing else. */
const mostSaid = 2_000

/** What `verify` tells whoever has begun it, on a channel of its own: an app may print whatever it likes. */
export type Tidings = { readonly progress: VerifyProgress } | { readonly found: Verified }

/** Where the machine has no priorities it goes beside the others. */
function giveWay(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // it is a favour
  }
}

/**
 * The command, in a process of its own, behind those who serve clients on the same machine. It ends with this one.
 *
 * @param config the file that this process was told of.
 * @param closing ends those that are under way.
 */
export const verifyApart =
  (config: string | undefined, closing: AbortSignal): Verifies =>
  (type, { signal, onProgress }) =>
    new Promise((resolve, reject) => {
      const named = config === undefined ? [] : ['--config', config]
      // A debugger listens at one port
      const options = process.execArgv.filter((each) => !each.startsWith('--inspect'))
      const child = spawn(process.execPath, [...options, program, 'verify', type, '--json', ...named], {
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        serialization: 'advanced',
        signal: AbortSignal.any([signal, closing]),
      })
      let said = ''
      let found: Verified | null = null
      child.on('error', reject)
      child.on('message', (tidings: Tidings) => {
        if ('found' in tidings) found = tidings.found
        else onProgress(tidings.progress)
      })
      child.on('close', (code) => {
        if (found) resolve(found)
        else reject(new CrossfadeError('UNAVAILABLE', said.trim() || `\`verify\` ended with ${code}.`))
      })
      // Without a process there is none
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-mostSaid)
      })
      giveWay(child.pid)
    })
