import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf } from '../util/errors.ts'
import { identify, stillRuns } from './running-process.ts'

const waitMs = 180_000 // an installation on a slow line

function isStale(file: string): boolean {
  try {
    const holder = readFileSync(file, 'utf8')
    // Created, but not yet written to, is held; for longer, its writer died in between.
    return holder === '' ? Date.now() - statSync(file).mtimeMs > 2_000 : !stillRuns(holder)
  } catch {
    return false // released meanwhile
  }
}

async function take(file: string, log: (line: string) => void): Promise<void> {
  mkdirSync(dirname(file), { recursive: true })
  const deadline = Date.now() + waitMs
  for (let waited = false; ; ) {
    try {
      return writeFileSync(file, identify(process.pid)!, { flag: 'wx' })
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
    // Two that find it stale in the same instant may both go on; the servers' own locks then let only one start.
    if (isStale(file)) rmSync(file, { force: true })
    else if (Date.now() > deadline) throw new Error(`${file} has been held for ${waitMs / 1_000} s by another process.`)
    else {
      if (!waited) log(`Waiting for another process, which starts the same (${file}) …`)
      waited = true
      await sleep(100)
    }
  }
}

/**
 * Does the work while no other process, nor another caller here, does work under the same file. A lock whose holder
 * is gone is taken over.
 *
 * @throws Error where it is still held after three minutes.
 */
export async function withLock<T>(file: string, log: (line: string) => void, work: () => Promise<T>): Promise<T> {
  await take(file, log)
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}
