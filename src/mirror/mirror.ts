import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
  isBrokenCircuitError,
} from 'cockatiel'
import type { Entity, Id } from '../entity/entity.ts'
import type { Image, Store } from '../stores/store.ts'
import { awaitWithin } from '../util/await-within.ts'
import { messageOf } from '../util/errors.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { heldBack, Seldom } from '../util/seldom.ts'
import { inSpan, isTraced } from '../util/trace.ts'
import { ClearedMarks } from './cleared-marks.ts'
import { Puts } from './puts.ts'

export interface MirrorOptions {
  readonly stores: Readonly<Record<Origin, Store>>
  /** What a reply waits for its mirror put at most, in milliseconds; default 150. Past it the sweep finishes. */
  readonly budgetMs?: number
  readonly log: (level: 'info' | 'warn', message: string) => void
}

/** A breaker that is open lets a put through again after so long, in milliseconds. */
const probeAfterMs = 1_000

/**
 * Puts what the authority acknowledged into the other store, right after the acknowledgement. A failure here is never
 * the client's: the record stays owed and the sweep finds it.
 */
export class Mirror {
  readonly #options: MirrorOptions
  readonly #cleared: ClearedMarks
  readonly #puts: Puts
  readonly #seldom = new Seldom(60_000)
  /** Acknowledged writes that were owed to the mirror, by type. */
  readonly acknowledged = new Map<string, number>()
  /** Puts that were confirmed, by type; for `mirrored` in the demo and metrics. */
  readonly confirmed = new Map<string, number>()
  /** One a type and store: while it is open, replies wait for nothing, and one put a second is sent to see whether it works again. */
  readonly #breakers = new Map<string, CircuitBreakerPolicy>()

  constructor(options: MirrorOptions) {
    this.#options = options
    this.#cleared = new ClearedMarks(options.stores, options.log)
    this.#puts = new Puts((...put) => this.#putOne(...put))
  }

  /**
   * Resolves when the put is confirmed or has failed, or another stands for it; never rejects.
   *
   * @param under the epoch that the write was permitted under.
   */
  put(entity: Entity, image: Image, from: Origin, under: number): Promise<void> {
    this.acknowledged.set(entity.name, (this.acknowledged.get(entity.name) ?? 0) + 1)
    const put = (): Promise<void> => this.#puts.put(entity, image, from, under)
    if (!isTraced()) return put()
    const attributes = { 'crossfade.type': entity.name, 'crossfade.store': otherOrigin(from) }
    return inSpan(`put ${entity.name}`, { attributes }, put)
  }

  get #budgetMs(): number {
    return this.#options.budgetMs ?? 150
  }

  /** Waits for puts within the budget of a reply. */
  async within(puts: Promise<unknown>): Promise<void> {
    await awaitWithin(puts, this.#budgetMs)
  }

  /**
   * Whether the mirror has the id for what is no record of the type, as far as it tells within the budget of a reply: one
   * that is slow or in trouble keeps nobody from writing.
   */
  async isTaken(entity: Entity, id: Id, to: Origin): Promise<boolean> {
    if (entity.fixed.size === 0 || this.#breakerOf(entity, to).state !== CircuitState.Closed) return false
    const look = this.#options.stores[to].replica.isTaken(entity, id).catch(() => false)
    return (await awaitWithin(look, this.#budgetMs)) === true
  }

  async #putOne(entity: Entity, image: Image, from: Origin, under: number): Promise<void> {
    const to = otherOrigin(from)
    const breaker = this.#breakerOf(entity, to)
    if (breaker.state === CircuitState.HalfOpen) return // another put tells how the store does
    try {
      const [outcome] = await breaker.execute(() => this.#options.stores[to].replica.bulkPut(entity, [image], under))
      if (outcome?.put !== 'applied') return // the sweep looks at both sides and decides
      this.confirmed.set(entity.name, (this.confirmed.get(entity.name) ?? 0) + 1)
      this.#cleared.add(entity, from, image)
    } catch (error) {
      if (isBrokenCircuitError(error)) return // the failures that opened it were told
      const held = this.#seldom.due(`${entity.name} ${to}`)
      if (held === null) return
      const text = `${entity.name} ${image.id} stays owed to ${to}: ${messageOf(error)}${heldBack(held)}`
      this.#options.log('warn', text)
    }
  }

  #breakerOf({ name }: Entity, to: Origin): CircuitBreakerPolicy {
    const key = `${to} ${name}`
    let breaker = this.#breakers.get(key)
    if (!breaker) {
      breaker = circuitBreaker(handleAll, { halfOpenAfter: probeAfterMs, breaker: new ConsecutiveBreaker(3) })
      this.#breakers.set(key, breaker)
    }
    return breaker
  }

  /** Clears the marks of what was confirmed so far. */
  flush(): Promise<void> {
    return this.#cleared.flush()
  }
}
