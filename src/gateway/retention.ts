import { setTimeout as sleep } from 'node:timers/promises'
import { times } from '../control/times.ts'
import type { Entity } from '../entity/entity.ts'
import { ageSinceBegan, faultOf, newestVerify } from '../evidence/verified.ts'
import { expireConflicts } from '../mirror/expire-conflicts.ts'
import { expireRecordings, recordingsIn } from '../replay/recordings.ts'
import type { Routing, Stores } from '../routing/routing.ts'
import { messageOf } from '../util/errors.ts'
import { type Origin, origins } from '../util/origin.ts'

const dayMs = 86_400_000
const defaultDays = 30

export interface RetentionOptions {
  readonly stores: Stores
  readonly entities: readonly Entity[]
  readonly dataDir: string
  /** Who removes: one gateway at a time does it in a store. */
  readonly owner: string
  /** Default 30. */
  readonly days?: number
  readonly log: Routing['log']
}

/** Behind the start, and between two rounds, in milliseconds. */
const [firstMs, everyMs] = [60_000, 3_600_000]
/** Rows that one statement removes, and batches of one round; what is left waits for the next. */
const [batch, batches] = [500, 40]

/**
 * Takes away what was kept and is too old: findings, copies that were replaced, recordings, and tombstones. In small
 * batches over the connections of flags and candidate reads, so that no client waits for it.
 */
export class Retention {
  readonly ms: number
  readonly #options: RetentionOptions
  readonly #stopped = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #round: Promise<void> = Promise.resolve()

  constructor(options: RetentionOptions) {
    this.#options = options
    this.ms = (options.days ?? defaultDays) * dayMs
  }

  start(inMs = firstMs): void {
    this.#timer = setTimeout(() => {
      this.#round = this.round().finally(() => {
        if (!this.#stopped.signal.aborted) this.start(everyMs)
      })
    }, inMs).unref()
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    clearTimeout(this.#timer)
    await this.#round
  }

  /** Never rejects: what is not removed now is removed later. */
  async round(): Promise<void> {
    const { stores, dataDir, log } = this.#options
    const tried = await Promise.allSettled([
      ...origins.map((origin) =>
        this.#inTurn(origin, (limit) => expireConflicts(stores[origin].ledger, this.ms, limit)),
      ),
      this.#inTurn('postgres', (limit) => stores.postgres.findings.expire(this.ms, limit), 'findings'),
      this.#allTombstones(),
      expireRecordings(recordingsIn(dataDir), { bytes: Number.POSITIVE_INFINITY, ageMs: this.ms }),
    ])
    const failed = tried.find((each) => each.status === 'rejected')
    if (failed)
      log('warn', `What is too old was not removed, and waits for the next round: ${messageOf(failed.reason)}`)
  }

  /** One type behind the other: the connections are those of flags. */
  async #allTombstones(): Promise<void> {
    for (const entity of this.#options.entities) await this.#tombstones(entity)
  }

  /**
   * A tombstone keeps out what somebody read before the delete, and that starts within seconds. A day is for clocks and
   * for what nobody thought of; and behind it a `verify` has to have found that the mirror has not got the record.
   */
  async #tombstones(entity: Entity): Promise<void> {
    const { stores } = this.#options
    const last = await newestVerify(stores, entity)
    if (!last || faultOf(last) !== null) return
    const olderThanMs = Math.max(ageSinceBegan(last), dayMs)
    for (const origin of origins) {
      const { outbox } = stores[origin].candidate
      const expire = (limit: number) => outbox.expireTombstones(entity, olderThanMs, limit)
      await this.#inTurn(origin, expire, `tombstones/${entity.name}`)
    }
  }

  /** Batches until nothing is left, by one gateway. */
  async #inTurn(origin: Origin, expire: (limit: number) => Promise<number>, what = 'conflicts'): Promise<void> {
    const { ledger } = this.#options.stores[origin]
    const key = `retention/${what}`
    if (!(await ledger.claim(key, this.#options.owner, times.claim))) return
    try {
      for (let n = 0; n < batches && !this.#stopped.signal.aborted; n++) {
        if ((await expire(batch)) === 0) break
        await sleep(20)
        await ledger.claim(key, this.#options.owner, times.claim)
      }
    } finally {
      await ledger.release(key, this.#options.owner)
    }
  }
}
