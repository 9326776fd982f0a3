import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export const megabytes = (bytes: number): number => Math.round(bytes / 10_000) / 100

/** The live heap: what is left of it after a collection. */
export function liveHeap(): number {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  return process.memoryUsage().heapUsed
}
