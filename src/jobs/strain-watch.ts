import { liveInstances } from '../control/instances.ts'
import type { Entity } from '../entity/entity.ts'
import { DeadLetters } from '../mirror/dead-letters.ts'
import type { Store } from '../stores/store.ts'
import { awaitWithin, timedOut } from '../util/await-within.ts'
import { type Origin, origins } from '../util/origin.ts'
import { type Bounds, boundsOf, type Care, type Strain, strainOf, type Vitals } from './strain.ts'

/** A store that does not answer is told by those who copy; a look is not worth waiting for. */
const longestMs = 5_000

/** How long it is believed that what is owed is refused, so that thousands of letters are not read each second. */
const believedMs = 10_000

/**
 * An answer is believed so many times as long as it took. Marks stand in an index; where a server goes through the whole
 * collection for them, the looks of a job would be the strain that they look for.
 */
const believedTimes = 10

interface Known {
  readonly ms: number
  readonly until: number
}

const unknown: Known = { ms: 0, until: Number.NEGATIVE_INFINITY }

type Debtor = Pick<Store, 'ledger' | 'outbox'>

/** What a job works on, and how careful it is. */
export interface Watched {
  /** Those that it uses. */
  readonly stores: Partial<Readonly<Record<Origin, Pick<Store, 'ledger' | 'outbox' | 'replicationLag'>>>>
  readonly entity: Entity
  /** Default: as usual. */
  readonly care?: Care | undefined
}

/** Looks at the stores beside a job, over the job's own connections. */
export class StrainWatch {
  readonly #stores: Watched['stores']
  readonly #entity: Entity
  readonly #from: Origin | null
  readonly #bounds: Bounds
  /** What the last look at the debts has told, and until when it is believed, by the monotonic clock. */
  #owes: Known = unknown
  /** Likewise the last closer look at them. */
  #unsettles: Known = unknown
  readonly #calm: Record<Origin, number> = { mongo: Number.POSITIVE_INFINITY, postgres: Number.POSITIVE_INFINITY }

  /** @param from the store whose debts are looked at; null: none. */
  constructor({ stores, entity, care = 'usual' }: Watched, from: Origin | null) {
    this.#stores = stores
    this.#entity = entity
    this.#from = from
    this.#bounds = boundsOf[care]
  }

  /** Null where nothing strains them, or nobody knows. Never rejects. */
  async look(): Promise<Strain | null> {
    const vitals = await awaitWithin(this.#vitals(), longestMs).catch(() => null)
    if (vitals === null || vitals === timedOut) return null
    for (const origin of origins) this.#calm[origin] = Math.min(this.#calm[origin], vitals.latency[origin])
    return strainOf(vitals, this.#calm, this.#bounds)
  }

  async #vitals(): Promise<Vitals> {
    const debtor = this.#from && this.#stores[this.#from]
    const [mongo, postgres, owed] = await Promise.all([
      this.#of('mongo'),
      this.#of('postgres'),
      debtor ? this.#owed(debtor) : 0,
    ])
    return {
      latency: { mongo: mongo.ms, postgres: postgres.ms },
      owed,
      lag: { mongo: mongo.lag, postgres: postgres.lag },
    }
  }

  /** For how long a write has waited that going slowly could help. */
  async #owed(debtor: Debtor): Promise<number> {
    const began = performance.now()
    if (began > this.#owes.until) {
      const { oldestMs } = await debtor.outbox.backlog(this.#entity)
      const ended = performance.now()
      this.#owes = { ms: oldestMs, until: ended + believedTimes * (ended - began) }
    }
    const { ms } = this.#owes
    if (ms <= this.#bounds.owedMs) return ms
    if (began > this.#unsettles.until)
      this.#unsettles = { ms: await this.#unsettled(debtor), until: began + believedMs }
    return this.#unsettles.ms
  }

  /** What the mirror refuses waits for people, and anything does where no gateway sweeps. */
  async #unsettled({ ledger, outbox }: Debtor): Promise<number> {
    const entity = this.#entity
    if ((await liveInstances(ledger)).length === 0) return 0
    const { ids: refused } = await DeadLetters.of(ledger, entity)
    const [oldest] = await outbox.owed(entity, this.#bounds.owedMs, 1, refused)
    return oldest === undefined ? 0 : ((await outbox.owedFor(entity, [oldest])).get(oldest) ?? 0)
  }

  async #of(origin: Origin): Promise<{ ms: number; lag: number | null }> {
    const store = this.#stores[origin]
    if (!store) return { ms: 0, lag: null }
    const began = performance.now()
    const lag = await store.replicationLag()
    return { ms: performance.now() - began, lag }
  }
}
