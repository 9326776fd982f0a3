import type { Entity } from '../entity/entity.ts'
import { messageOf } from '../util/errors.ts'
import type { Origin } from '../util/origin.ts'
import { type SweepOptions, sweep } from './sweep.ts'

export interface SweeperOptions extends SweepOptions {
  readonly entities: readonly Entity[]
  /** The store that owes, or null where the type has no mirror now. */
  readonly owing: (type: string) => Origin | null
  readonly intervalMs?: number
}

export interface Backlog {
  readonly count: number
  readonly oldestMs: number
}

/** Puts that were cut off are looked for as often as this, and are as old, in milliseconds. */
const arrivingMs = 10_000

/** Sweeps every type in turn for as long as the gateway runs. A store that is down pauses it and costs nothing. */
export class Sweeper {
  readonly #options: SweeperOptions
  readonly #backlog = new Map<string, Backlog>()
  #settleAt = 0
  #timer: NodeJS.Timeout | undefined
  #round: Promise<void> = Promise.resolve()
  #stopped = false
  #failing = false

  constructor(options: SweeperOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#round = this.round().finally(() => {
        if (!this.#stopped) this.start()
      })
    }, this.#options.intervalMs ?? 500)
    this.#timer.unref()
  }

  /** Resolves when the round under way is over. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#round
  }

  /** One round over all types. Never rejects. */
  async round(): Promise<void> {
    const { entities, owing, stores, log } = this.#options
    let failed = false
    const settles = performance.now() >= this.#settleAt
    if (settles) this.#settleAt = performance.now() + arrivingMs
    const options = settles ? { ...this.#options, arrivingMs } : this.#options
    for (const entity of entities) {
      const from = owing(entity.name)
      if (!from) continue
      try {
        await sweep(options, entity, from)
        const { count, oldestMs } = await stores[from].control.outbox.backlog(entity)
        this.#backlog.set(entity.name, { count, oldestMs })
      } catch (error) {
        const known = this.#backlog.get(entity.name)
        // What is owed cannot be seen now; it is at least as old as before.
        this.#backlog.set(entity.name, { count: known?.count ?? 1, oldestMs: Number.POSITIVE_INFINITY })
        failed = true
        if (!this.#failing) log('warn', `The sweep pauses: ${messageOf(error)}`)
        this.#failing = true
      }
    }
    if (this.#failing && !failed) log('info', 'The sweep goes on.')
    this.#failing = failed
  }

  /** What was owed when last looked; zero for a type that has not been swept yet. */
  backlog(type: string): Backlog {
    return this.#backlog.get(type) ?? { count: 0, oldestMs: 0 }
  }
}
