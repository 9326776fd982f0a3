import { Worker } from 'node:worker_threads'
import type { Entity } from '../entity/entity.ts'
import { flagKeyOf } from '../entity/flag-key.ts'
import { isKilled, killFileOf, readKilled } from './kill-file.ts'
import { type Killing, keepNewest, namesKilled } from './killed-by-stores.ts'

/** What the thread is given that watches the file. */
export interface KillWorkerData {
  readonly file: string
  /** The names that stand for each type, its own and its group's; each type has a place in `memory`. */
  readonly types: readonly (readonly string[])[]
  readonly memory: SharedArrayBuffer
}

/**
 * Whether a type is killed, by the file of this data directory or by what stores say: every decision asks. The file needs
 * no store, and a thread of its own reads it.
 */
export class KillSwitch {
  readonly #flags: Int32Array
  readonly #places: ReadonlyMap<string, number>
  readonly #worker: Worker
  readonly #types: readonly (readonly string[])[]
  /** What was said last of each name in any store. */
  readonly #said = new Map<string, Killing>()
  /** Types that stores say are killed. */
  #byStores: ReadonlySet<string> = new Set()

  constructor(dataDir: string, entities: readonly Pick<Entity, 'name' | 'group'>[]) {
    const types = entities.map((entity) => [entity.name, flagKeyOf(entity)])
    const memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * types.length)
    const file = killFileOf(dataDir)
    this.#types = types
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
    return (place !== undefined && Atomics.load(this.#flags, place) === 1) || this.#byStores.has(type)
  }

  /** Types, groups or `all` that stores say are killed. */
  namesByStores(): readonly string[] {
    return namesKilled(this.#said)
  }

  /** What a store says; the other one may have been told later. */
  learn(found: ReadonlyMap<string, Killing>): void {
    if (!keepNewest(this.#said, found)) return
    const killed = this.namesByStores()
    this.#byStores = new Set(this.#types.flatMap((names) => (isKilled(killed, names) ? [names[0]!] : [])))
  }

  async stop(): Promise<void> {
    await this.#worker.terminate()
  }
}
