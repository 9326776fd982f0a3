import type { Entity } from '../entity/entity.ts'
import { messageOf } from '../util/errors.ts'
import type { Origin } from '../util/origin.ts'
import type { Standing } from './standing.ts'
import { type SweepOptions, sweep } from './sweep.ts'

export interface SweeperOptions extends Omit<SweepOptions, 'epoch' | 'under'> {
  readonly entities: readonly Entity[]
  /** Null where no flag of the type is known. Throws where nothing may be written. */
  readonly standing: (type: string) => Standing | null
  readonly intervalMs?: number
}

export interface Backlog {
  readonly count: number
  readonly oldestMs: number
  /** When that was looked at, by the monotonic clock. */
  readonly at: number
}

/** Between two looks at what is owed of types whose mirror answers reads, in milliseconds. */
const lookMs = 300

/** Puts and deletes that were cut off are looked for as often as this; puts are as old, in milliseconds. */
const arrivingMs = 10_000

/** Sweeps every type in turn for as long as the gateway runs. A store that is down pauses it and costs nothing. */
export class Sweeper {
  readonly #options: SweeperOptions
  readonly #backlog = new Map<string, Backlog>()
  #settleAt = 0
  #timer: NodeJS.Timeout | undefined
  #lookTimer: NodeJS.Timeout | undefined
  #round: Promise<void> = Promise.resolve()
  #stopped = false
  #failing = false

  constructor(options: SweeperOptions) {
    this.#options = options
  }

  start(): void {
    this.#lookOn()
    this.#sweepOn()
  }

  #sweepOn(): void {
    this.#timer = setTimeout(() => {
      this.#round = this.round().finally(() => {
        if (!this.#stopped) this.#sweepOn()
      })
    }, this.#options.intervalMs ?? 500)
    this.#timer.unref()
  }

  /** Resolves when the round under way is over. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    clearTimeout(this.#lookTimer)
    await this.#round
  }

  /** One round over all types. Never rejects. */
  async round(): Promise<void> {
    const { entities, stores, standing, log } = this.#options
    let failed = false
    const settles = performance.now() >= this.#settleAt
    if (settles) this.#settleAt = performance.now() + arrivingMs
    const options = settles ? { ...this.#options, arrivingMs } : this.#options
    for (const entity of entities) {
      try {
        const now = standing(entity.name)
        if (!now) continue
        const { authority, isMirrored, epoch, confirmedEpoch } = now
        if (settles) await stores[authority].authority.settleDeletes(entity)
        if (!isMirrored) continue
        await sweep({ ...options, under: epoch, epoch: confirmedEpoch }, entity, authority)
        await this.#lookAt(entity, authority)
      } catch (error) {
        failed = true
        if (!this.#failing) log('warn', `The sweep pauses: ${messageOf(error)}`)
        this.#failing = true
      }
    }
    if (this.#failing && !failed) log('info', 'The sweep goes on.')
    this.#failing = failed
  }

  async #lookAt(entity: Entity, from: Origin): Promise<void> {
    const at = performance.now()
    const { count, oldestMs } = await this.#options.stores[from].control.outbox.backlog(entity)
    if ((this.#backlog.get(entity.name)?.at ?? at) <= at) this.#backlog.set(entity.name, { count, oldestMs, at })
  }

  /** Apart from the sweep, whose rounds take as long as the mirror does. */
  #lookOn(): void {
    const { entities, standing } = this.#options
    this.#lookTimer = setTimeout(() => {
      const looks = entities.map(async (entity) => {
        const now = standing(entity.name)
        if (now?.isMirrored && now.isRead) await this.#lookAt(entity, now.authority)
      })
      void Promise.allSettled(looks).then(() => {
        if (!this.#stopped) this.#lookOn()
      })
    }, lookMs)
    this.#lookTimer.unref()
  }

  /** What was owed when last looked; null for a type that has not been looked at yet. */
  backlog(type: string): Backlog | null {
    return this.#backlog.get(type) ?? null
  }

  /** How far the mirror may be behind, in milliseconds: what is owed has grown older since it was looked at. */
  lagMs(type: string): number {
    const known = this.#backlog.get(type)
    return known ? known.oldestMs + performance.now() - known.at : Number.POSITIVE_INFINITY
  }
}
