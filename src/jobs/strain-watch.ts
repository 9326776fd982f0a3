import type { Entity } from '../entity/entity.ts'
import { awaitWithin, timedOut } from '../util/await-within.ts'
import { type Origin, origins } from '../util/origin.ts'
import type { BackfillOptions } from './backfill-options.ts'
import { type Bounds, boundsOf, type Strain, strainOf, type Vitals } from './strain.ts'

/** A store that does not answer is told by those who copy; a look is not worth waiting for. */
const longestMs = 5_000

/** Looks at the stores beside a copy, over the job's own connections. */
export class StrainWatch {
  readonly #stores: BackfillOptions['stores']
  readonly #entity: Entity
  readonly #from: Origin
  readonly #bounds: Bounds
  readonly #calm: Record<Origin, number> = { mongo: Number.POSITIVE_INFINITY, postgres: Number.POSITIVE_INFINITY }

  constructor({ stores, entity, care = 'usual' }: Pick<BackfillOptions, 'stores' | 'entity' | 'care'>, from: Origin) {
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
    const [mongo, postgres, { oldestMs }] = await Promise.all([
      this.#of('mongo'),
      this.#of('postgres'),
      this.#stores[this.#from].outbox.backlog(this.#entity),
    ])
    return {
      latency: { mongo: mongo.ms, postgres: postgres.ms },
      owed: oldestMs,
      lag: { mongo: mongo.lag, postgres: postgres.lag },
    }
  }

  async #of(origin: Origin): Promise<{ ms: number; lag: number | null }> {
    const began = performance.now()
    const lag = await this.#stores[origin].replicationLag()
    return { ms: performance.now() - began, lag }
  }
}
