import { spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Verifies } from '../admin/verifies.ts'
import type { VerifyProgress } from '../jobs/verification.ts'
import type { Verified } from '../jobs/verify.ts'
import { CrossfadeError } from '../util/errors.ts'

/** This program, beside our sources and in the package. */
const program = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url))

/** Lines of what went wrong. */
const mostLines = 5

/** What a line of `verify` tells of how it goes; null for one that is meant to be read. */
function progressIn(line: string): VerifyProgress | null {
  if (!line.startsWith('{"job":"verify"')) return null
  const { done: compared, total, unequal, retried } = JSON.parse(line)
  return { compared, total, unequal, retried }
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
 * The command, in a process of its own, behind those who serve clients on the same machine.
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
        stdio: ['ignore', 'pipe', 'pipe'],
        signal: AbortSignal.any([signal, closing]),
      })
      giveWay(child.pid)
      let found = ''
      child.stdout.on('data', (chunk) => {
        found += chunk
      })
      const said: string[] = []
      createInterface({ input: child.stderr }).on('line', (line) => {
        const progress = progressIn(line)
        if (progress) onProgress(progress)
        else if (said.push(line) > mostLines) said.shift()
      })
      child.on('error', reject)
      child.on('close', (code) => {
        // Of what differs it tells as well, and ends with 2
        if (found !== '') resolve((JSON.parse(found) as Verified[])[0]!)
        else reject(new CrossfadeError('UNAVAILABLE', said.join('\n') || `\`verify\` ended with ${code}.`))
      })
    })
