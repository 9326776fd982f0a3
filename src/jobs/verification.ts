import { inColumn } from '../compare/differences.ts'
import type { Rule } from '../compare/rules.ts'
import { ledgersOf } from '../control/flag-store.ts'
import { compareIds } from '../entity/compare-ids.ts'
import type { Entity, Id } from '../entity/entity.ts'
import { unequalIn } from '../evidence/verified.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'
import type { Image, Store } from '../stores/store.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { readAhead } from '../util/read-ahead.ts'
import type { AskedRecords, Part } from './asked-records.ts'
import { DifferencesFound, maxKept, maxKeptLength } from './differences-found.ts'
import { mergeById } from './merge-by-id.ts'
import { Pace } from './paced.ts'
import { patiently } from './patience.ts'
import { patientStream } from './patient-stream.ts'
import { Restraint } from './restraint.ts'
import { isAlike, type Pair, patienceWith, type SettleOptions, settleRecords } from './settle-records.ts'
import type { Care } from './strain.ts'
import { uncovered } from './uncovered.ts'
import type { VerifyCheckpoints } from './verify-checkpoint.ts'
import { Relations } from './verify-relations.ts'

export interface VerifyProgress {
  /** Records of the authority that were looked at. */
  readonly compared: number
  /** Of those, what an earlier run had looked at. */
  readonly before: number
  /** About; null where nobody knows. */
  readonly total: number | null
  /** Of those, the ones that are known to differ: what seems to is looked at again beside the reading, or at the end. */
  readonly unequal: number
  /** Reads that were tried again, since a store was in trouble. */
  readonly retried: number
}

export interface VerifyOptions extends SettleOptions {
  readonly stores: { readonly mongo: MongoStore; readonly postgres: PostgresStore }
  readonly entity: Entity
  /** All types that there are, whose records this type may refer to; default: none, and its relations are not looked at. */
  readonly entities?: readonly Entity[]
  /** Records a batch; default 500. */
  readonly batch?: number
  /** Default: all records. */
  readonly part?: Part
  /** Records a second at most; default: as fast as the stores answer. */
  readonly rate?: number
  /** How much of the stores it may take before it goes slowly, see `boundsOf`; default usual. */
  readonly care?: Care
  /** Begins again, where an earlier run was cut off; default: goes on from there. */
  readonly isAnew?: boolean
  /** Between two times that it is kept how far a run is, in milliseconds; default 30,000. */
  readonly keepMs?: number
  readonly onProgress?: (progress: VerifyProgress) => void
}

/** @param unchecked relations that are not looked at, see `RelationsFound`. */
type CheckpointsOf = (unchecked: readonly string[]) => VerifyCheckpoints

/** Of one store's records at a time, about; up to two batches of either store are held. */
const batchBytes = 8 * 1024 * 1024

/** Records that differ at first sight are looked at again together. */
const suspectsAtOnce = 500

/** One verification, as far as it is. */
export class Verification {
  readonly #options: VerifyOptions
  readonly #pair: Pair
  readonly #records: AskedRecords
  readonly #rules: readonly Rule[]
  readonly #checkpointsOf: CheckpointsOf | null
  readonly #restraint: Restraint
  #checkpoints: VerifyCheckpoints | null = null
  #after: Id | null = null
  readonly found: DifferencesFound
  /** The first of those that are undecided. */
  readonly #undecided: Id[] = []
  #suspects: Id[] = []
  #settling: Promise<void> = Promise.resolve()
  #retried = 0
  began = new Date().toISOString()
  compared = 0
  /** Those that differ in nothing but what rules cover. */
  accepted = 0
  undecided = 0
  quarantined = 0
  /** See `Verified.oldColumns`. */
  oldColumns = 0

  /**
   * @param rules what they cover is counted apart.
   * @param checkpoints where it is kept how far it is; null: nowhere.
   */
  constructor(
    options: VerifyOptions,
    from: Origin,
    records: AskedRecords,
    rules: readonly Rule[],
    checkpoints: CheckpointsOf | null,
  ) {
    const { stores, entity } = options
    this.#options = { ...options, onRetry: () => this.#retried++ }
    this.#pair = { entity, authority: stores[from], mirror: stores[otherOrigin(from)] }
    this.#records = records
    this.found = new DifferencesFound(entity)
    this.#rules = rules
    this.#checkpointsOf = checkpoints
    this.#restraint = new Restraint(options, from, new Pace(options.rate))
  }

  get pair(): Pair {
    return this.#pair
  }

  async *#batches(store: Store): AsyncGenerator<readonly Image[], void> {
    const { batch: limit = 500, entity, signal, stores } = this.#options
    const { dataIssues } = stores.postgres
    const { asked, ranges, where } = this.#records
    const patience = patienceWith(this.#pair, this.#options)
    const isAuthority = store === this.#pair.authority
    const behind = this.#after === null ? {} : { after: this.#after, surveyed: isAuthority } // documents without a record too
    let read = this.compared
    for (const range of ranges)
      for await (const lot of patientStream(
        store,
        entity,
        { ...range, ...behind, limit, where, maxBytes: batchBytes },
        patience,
      )) {
        signal?.throwIfAborted()
        // What has no record is of no range
        if (isAuthority && asked === null && lot.quarantined.length > 0) {
          this.quarantined += lot.quarantined.length
          await patiently(patience, () => dataIssues.quarantine(entity, lot.quarantined))
        }
        const last = lot.images.at(-1)
        if (!last) continue
        read += lot.images.length
        // Documents without a record may sort behind the last one that has one, and would come again
        if (isAuthority && lot.quarantined.length === 0)
          this.#checkpoints?.read({ after: last.id, compared: read, quarantined: this.quarantined })
        yield lot.images
      }
  }

  /**
   * Both stores in the order of the ids, side by side, once: what is not alike at first sight is settled by itself.
   *
   * @returns what was found of relations.
   */
  async run(): Promise<Relations['found']> {
    const { entity, stores, entities = [], onProgress, signal } = this.#options
    const { authority, mirror } = this.#pair
    const relations = await Relations.of(stores, ledgersOf(stores), entity, entities, this.#options)
    this.#checkpoints = this.#checkpointsOf?.(relations.found.unchecked) ?? null
    await this.#goOn(relations)
    const before = this.compared
    let batch: Image[] = []
    const look = (ours: Image | undefined, theirs: Image | undefined): void => {
      if (ours) batch.push(ours)
      if (!isAlike(entity, ours, theirs)) this.#suspects.push((ours ?? theirs)!.id)
    }
    const tell = (): void => {
      const { compared } = this
      onProgress?.({
        compared,
        before,
        total: this.#records.total,
        unequal: unequalIn(this.found),
        retried: this.#retried,
      })
    }
    const turn = async (of: 'first' | 'second'): Promise<void> => {
      await relations.look(batch)
      if (this.#suspects.length >= suspectsAtOnce) await this.#settleSuspects()
      this.compared += batch.length
      if (of === 'first') await this.#keep(relations)
      await this.#restraint.pass(batch.length, signal)
      batch = []
      tell()
    }
    const [ours, theirs] = [authority, mirror].map((store) => readAhead(this.#batches(store)))
    await mergeById(ours!, theirs!, compareIds(entity), look, turn)
    await this.#settleSuspects()
    await this.#settling
    tell() // what was to be looked at again is decided
    return relations.found
  }

  /** Takes over what an earlier run has looked at. */
  async #goOn(relations: Relations): Promise<void> {
    const { isAnew, log } = this.#options
    const kept = isAnew ? null : await this.#checkpoints?.last()
    if (!kept) return
    this.began = kept.began
    this.compared = kept.compared
    this.accepted = kept.accepted
    this.quarantined = kept.quarantined
    this.#after = kept.after
    this.#suspects.push(...kept.suspects)
    await relations.again(kept.targets)
    const { compared, began } = kept
    log?.(`${this.#pair.entity.name}: it goes on behind ${compared} records that were compared since ${began}`)
  }

  /** Keeps how far it is, from time to time. */
  async #keep(relations: Relations): Promise<void> {
    const checkpoints = this.#checkpoints
    const lot = checkpoints?.due(this.compared)
    if (!checkpoints || !lot) return
    await this.#settling // what is being looked at is in none of the counts
    const suspects = [...this.found.kept.map(({ id }) => id), ...this.#undecided, ...this.#suspects]
    const targets = relations.suspects
    // Not all could be looked at again
    if (!this.found.areAllKept || Math.max(this.undecided, targets.length) >= maxKept) return
    if (JSON.stringify([suspects, targets]).length > maxKeptLength) return
    const { began, accepted } = this
    await patiently(patienceWith(this.#pair, this.#options), () =>
      checkpoints.keep({ began, ...lot, accepted, suspects, targets }),
    )
  }

  /** Beside the reading of what follows: one lot at a time, so that memory is bounded. */
  async #settleSuspects(): Promise<void> {
    await this.#settling
    const suspects = this.#suspects
    this.#suspects = []
    this.#settling = this.#settle(suspects)
    this.#settling.catch(() => undefined) // told when it is waited for
  }

  async #settle(suspects: readonly Id[]): Promise<void> {
    for (let start = 0; start < suspects.length; start += suspectsAtOnce) {
      const some = suspects.slice(start, start + suspectsAtOnce)
      const { unequal, undecided } = await settleRecords(this.#pair, some, this.#options)
      this.undecided += undecided.length
      if (this.undecided <= maxKept) this.#undecided.push(...undecided)
      for (const found of unequal) {
        const open = uncovered(this.#rules, this.#pair.entity, found)
        if (open) this.found.add(open)
        else this.accepted++
        if (open?.differences.some(({ only }) => only === inColumn)) this.oldColumns++
      }
    }
  }
}
