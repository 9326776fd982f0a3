import type { Entity } from '../entity/entity.ts'
import { owesNothing } from '../stores/store.ts'
import { messageOf } from '../util/errors.ts'
import { type Origin, origins } from '../util/origin.ts'
import { tellSpan } from '../util/trace.ts'
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

/** Between two rounds; between two looks at what is owed of types whose mirror answers reads: in milliseconds. */
const [roundMs, lookMs] = [1_000, 300]

/** Puts and deletes that were cut off are looked for as often as this; puts are as old, in milliseconds. */
const arrivingMs = 10_000

/**
 * Looks what is owed, of all types of a store at once, and sweeps each type that owes something, one after the other, for as
 * long as the gateway runs. A store that is down pauses it and costs nothing.
 */
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
    }, this.#options.intervalMs ?? roundMs)
    this.#timer.unref()
  }

  /** Apart from the sweep, whose rounds take as long as the mirror does. */
  #lookOn(): void {
    this.#lookTimer = setTimeout(() => {
      const looks = origins.map((origin) => this.#look(origin, ({ isRead }) => isRead))
      void Promise.allSettled(looks).then(() => {
        if (!this.#stopped) this.#lookOn()
      })
    }, lookMs)
    this.#lookTimer.unref()
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
    const { entities, log } = this.#options
    const settles = performance.now() >= this.#settleAt
    if (settles) this.#settleAt = performance.now() + arrivingMs
    const failures: unknown[] = []
    const failed = (error: unknown): void => void failures.push(error)
    await Promise.all(origins.map((origin) => this.#look(origin, () => true).catch(failed)))
    for (const entity of entities) await this.#sweep(entity, settles).catch(failed)
    if (failures.length > 0 && !this.#failing) log('warn', `The sweep pauses: ${messageOf(failures[0])}`)
    if (failures.length === 0 && this.#failing) log('info', 'The sweep goes on.')
    this.#failing = failures.length > 0
  }

  /** What a store owes of the types that it has authority over, and that are wanted. */
  async #look(origin: Origin, wanted: (standing: Standing) => boolean): Promise<void> {
    const { entities, stores, standing } = this.#options
    const looked = entities.filter(({ name }) => {
      const now = standing(name)
      return now?.isMirrored && now.authority === origin && wanted(now)
    })
    if (looked.length === 0) return
    const at = performance.now()
    const found = await stores[origin].control.outbox.backlogs(looked)
    for (const { name } of looked) {
      const { count, oldestMs } = found.get(name) ?? owesNothing
      if ((this.#backlog.get(name)?.at ?? at) <= at) this.#backlog.set(name, { count, oldestMs, at })
    }
  }

  /** @param settles whether to look for what was cut off, though nothing is owed. */
  async #sweep(entity: Entity, settles: boolean): Promise<void> {
    const { stores, standing } = this.#options
    const now = standing(entity.name)
    if (!now) return
    const { authority, isMirrored, epoch, confirmedEpoch } = now
    if (settles) await stores[authority].authority.settleHidden(entity, isMirrored)
    const owed = this.#backlog.get(entity.name)?.count
    if (!isMirrored || !(settles || owed !== 0)) return
    const options = settles ? { ...this.#options, arrivingMs } : this.#options
    const began = Date.now()
    const left = await sweep({ ...options, under: epoch, epoch: confirmedEpoch }, entity, authority)
    // At rest there is a round a second
    if (owed) tellSpan(`sweep ${entity.name}`, { 'crossfade.owed': owed, 'crossfade.left': left }, began)
  }

  /** The last round could not be made in whole: what is owed waits for the next one. */
  get isPausing(): boolean {
    return this.#failing
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
