import { Worker } from 'node:worker_threads'
import type { Entity } from '../entity/entity.ts'
import { flagKeyOf } from '../entity/flag-key.ts'
import { isKilled, killFileOf, readKilled } from './kill-file.ts'

/** What the thread is given that watches the file. */
export interface KillWorkerData {
  readonly file: string
  /** The names that stand for each type, its own and its group's; each type has a place in `memory`. */
  readonly types: readonly (readonly string[])[]
  readonly memory: SharedArrayBuffer
}

/** Whether a type is killed: one read of shared memory, which every decision makes. */
export class KillSwitch {
  readonly #flags: Int32Array
  readonly #places: ReadonlyMap<string, number>
  readonly #worker: Worker

  constructor(dataDir: string, entities: readonly Pick<Entity, 'name' | 'group'>[]) {
    const types = entities.map((entity) => [entity.name, flagKeyOf(entity)])
    const memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * types.length)
    const file = killFileOf(dataDir)
    this.#flags = new Int32Array(memory)
    this.#places = new Map(entities.map(({ name }, index) => [name, index]))
    const killed = readKilled(file)
    for (const [index, names] of types.entries()) this.#flags[index] = isKilled(killed, names) ? 1 : 0
    // The worker has this file's ending: .ts from sources, .js from the package
    const program = new URL(import.meta.url.endsWith('.ts') ? './kill-worker.ts' : './kill-worker.js', import.meta.url)
    const workerData: KillWorkerData = { file, types, memory }
    this.#worker = new Worker(program, { workerData })
    this.#worker.unref()
  }

  isOn(type: string): boolean {
    const place = this.#places.get(type)
    return place !== undefined && Atomics.load(this.#flags, place) === 1
  }

  async stop(): Promise<void> {
    await this.#worker.terminate()
  }
}
