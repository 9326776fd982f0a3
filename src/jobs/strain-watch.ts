import type { Entity } from '../entity/entity.ts'
import type { Store } from '../stores/store.ts'
import { awaitWithin, timedOut } from '../util/await-within.ts'
import { type Origin, origins } from '../util/origin.ts'
import { type Bounds, boundsOf, type Care, type Strain, strainOf, type Vitals } from './strain.ts'

/** A store that does not answer is told by those who copy; a look is not worth waiting for. */
const longestMs = 5_000

/** What a job works on, and how careful it is. */
export interface Watched {
  /** Those that it uses. */
  readonly stores: Partial<Readonly<Record<Origin, Pick<Store, 'outbox' | 'replicationLag'>>>>
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
      debtor?.outbox.backlog(this.#entity),
    ])
    return {
      latency: { mongo: mongo.ms, postgres: postgres.ms },
      owed: owed?.oldestMs ?? 0,
      lag: { mongo: mongo.lag, postgres: postgres.lag },
    }
  }

  async #of(origin: Origin): Promise<{ ms: number; lag: number | null }> {
    const store = this.#stores[origin]
    if (!store) return { ms: 0, lag: null }
    const began = performance.now()
    const lag = await store.replicationLag()
    return { ms: performance.now() - began, lag }
  }
}
