import { setTimeout as sleep } from 'node:timers/promises'
import { workerData } from 'node:worker_threads'
import { isKilled, readKilled } from './kill-file.ts'
import type { KillWorkerData } from './kill-switch.ts'

/** Watches the kill file in a thread of its own, so that a busy event loop does not delay the switch. */
const { file, types, memory }: KillWorkerData = workerData
const flags = new Int32Array(memory)

for (;;) {
  const killed = readKilled(file)
  for (const [index, names] of types.entries()) Atomics.store(flags, index, isKilled(killed, names) ? 1 : 0)
  await sleep(200)
}
