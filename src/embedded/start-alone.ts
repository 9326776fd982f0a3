import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { StartOptions } from './started-store.ts'
import { realDataDir } from './state.ts'
import { withLock } from './with-lock.ts'

/** Only one process at a time starts the servers of a data directory; one that waited then finds them running. */
export function startAlone<O extends StartOptions, T>(options: O, work: (options: O) => Promise<T>): Promise<T> {
  mkdirSync(options.dataDir, { recursive: true })
  const dataDir = realDataDir(options.dataDir)
  return withLock(join(dataDir, 'start.lock'), options.log, () => work({ ...options, dataDir }))
}
