import { randomUUID } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { codeOf } from '../util/errors.ts'

/** Milliseconds for which one word about the switch takes the file, at most; whoever has it for longer has died. */
const mostHeldMs = 1_000

/** Nothing else is done meanwhile: the switch waits for no event loop, its own neither. */
const sleepNow = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

/** Empty where nobody has it, or has not signed yet. */
function holderOf(lock: string): string {
  try {
    return readFileSync(lock, 'utf8')
  } catch {
    return ''
  }
}

const release = (lock: string): void => rmSync(lock, { force: true, recursive: true })

function take(lock: string, own: string): void {
  let [holder, since] = [holderOf(lock), performance.now()]
  for (;;) {
    try {
      writeFileSync(lock, own, { flag: 'wx' })
      return
    } catch (error) {
      // Where none can be made one goes on without: what then keeps the switch from being written tells it better
      if (codeOf(error) !== 'EEXIST') return
    }
    const now = holderOf(lock)
    if (now !== holder) [holder, since] = [now, performance.now()]
    else if (performance.now() - since > mostHeldMs) release(lock)
    else sleepNow(5)
  }
}

/**
 * Does the work while no other process does work under the same file. A lock that one process has had for a second is
 * left from one that died, and taken away: nothing is in the way of a kill for longer.
 *
 * @param work is told a name that nobody else is told.
 */
export function withKillLock<T>(lock: string, work: (own: string) => T): T {
  const own = randomUUID()
  take(lock, own)
  try {
    return work(own)
  } finally {
    if (holderOf(lock) === own) release(lock)
  }
}
