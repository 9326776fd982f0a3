import pLimit from 'p-limit'
import type { Entity, Id } from '../entity/entity.ts'
import { copyKind } from '../evidence/copied.ts'
import { type AgedEntry, type Ledger, overwrite } from '../stores/ledger.ts'
import type { IdRange } from '../stores/store.ts'
import type { Progress } from './backfill-options.ts'
import { type CopyControl, controlKind, parseControl, uncontrolled } from './copy-control.ts'
import { type CopyRecord, copyJson, parseCopy, rangesOf } from './copy-record.ts'
import { HeldRange } from './held-range.ts'
import { overtaken } from './overtaken.ts'
import {
  firstState,
  isFree,
  parseState,
  type RangeState,
  rangeKey,
  rangeKind,
  silentMs,
  stateJson,
} from './range-state.ts'
import { sumOf, type Tally } from './tally.ts'

/** Beside the ranges: written by who waits for one. */
const wantedKey = 'wanted'

/** For how long a wish for ranges counts. */
const wantedMs = 10_000

/** A range as the ledger had it. */
interface Kept {
  readonly entry: AgedEntry
  /** Null where it is of an earlier copy. */
  readonly state: RangeState | null
}

/** One copy and its ranges, as the ledger has them and as this process works on them. */
export class CopyBoard {
  readonly #ledger: Ledger
  readonly #entity: Entity
  readonly #owner: string
  /** Of one process, one at a time: two would take the same range. */
  readonly #turns = pLimit(1)
  #copy: CopyRecord
  #revision = 0
  readonly #kept = new Map<string, Kept>()
  #control: CopyControl = uncontrolled
  #isLeft = false
  readonly #held = new Map<number, HeldRange>()

  /** @param owner a name that no other process has. */
  constructor(ledger: Ledger, entity: Entity, copy: CopyRecord, owner: string) {
    this.#ledger = ledger
    this.#entity = entity
    this.#copy = copy
    this.#owner = owner
  }

  get copy(): CopyRecord {
    return this.#copy
  }

  /** As it was read last. */
  get control(): CopyControl {
    return this.#control
  }

  get ranges(): readonly IdRange[] {
    return rangesOf(this.#copy)
  }

  /** Reads what others have done. @throws TRY_AGAIN where another copy of the type has begun. */
  async look(): Promise<void> {
    const kind = rangeKind(this.#entity.name)
    const entries = await this.#ledger.list(copyKind, kind, controlKind)
    const entry = entries.find((each) => each.kind === copyKind && each.key === this.#entity.name)
    const copy = entry && parseCopy(entry.value)
    if (!entry || copy?.id !== this.#copy.id) throw overtaken(this.#entity.name)
    this.#control = parseControl(entries.find((each) => each.kind === controlKind && each.key === this.#entity.name))
    if (entry.revision >= this.#revision) {
      // What was asked before a change of ours may be answered behind it
      this.#copy = copy
      this.#revision = entry.revision
    }
    for (const each of entries) {
      if (each.kind !== kind) continue
      const known = this.#kept.get(each.key)
      if (known && known.entry.revision > each.revision) continue // likewise: what is counted must not go back
      this.#kept.set(each.key, { entry: each, state: parseState(copy.id, each.value) })
    }
  }

  #states(): readonly RangeState[] {
    return this.ranges.map(
      (range, n) => this.#held.get(n)?.state ?? this.#kept.get(rangeKey(n))?.state ?? firstState(this.#copy.id, range),
    )
  }

  /** Whether nothing is left to copy. */
  get isCopied(): boolean {
    return this.#copy.done || this.#states().every(({ done }) => done)
  }

  get progress(): Progress {
    const states = this.#states()
    const { type, from, total, done } = this.#copy
    const tally: Tally = done ? this.#copy : states.reduce<Tally>(sumOf, this.#copy)
    const { seen, copied, mended, removed, quarantined, refused } = tally
    return {
      type,
      from,
      total,
      seen,
      copied,
      mended,
      removed,
      quarantined,
      refused,
      done,
      ranges: states.length,
      rangesDone: done ? states.length : states.filter((state) => state.done).length,
      paused: this.#control.isPaused,
      limit: this.#control.limit,
      slow: [...new Set(states.flatMap(({ slow }) => slow ?? []))],
      owners: [...new Set(states.flatMap(({ owner }) => owner ?? []))].sort(),
    }
  }

  /** What the documents of all ranges have told. */
  get odd(): readonly string[] {
    return [...new Set(this.#states().flatMap(({ odd }) => odd))]
  }

  /** Whether others work on the copy, as it was read last. */
  get isShared(): boolean {
    return this.#kept
      .values()
      .some(({ state, entry }) => state?.owner && state.owner !== this.#owner && entry.ageMs <= silentMs)
  }

  /** A range that is nobody's, and from now on ours; null where there is none. @param isRested see `isFree`. */
  take(isRested: boolean): Promise<HeldRange | null> {
    return this.#turns(async () => {
      await this.look()
      for (const [n, range] of this.ranges.entries()) {
        const held = await this.#takeOne(n, range, isRested)
        if (held) return held
      }
      return null
    })
  }

  async #takeOne(n: number, range: IdRange, isRested: boolean): Promise<HeldRange | null> {
    if (this.#copy.done || this.#isLeft || this.#held.has(n)) return null
    const key = rangeKey(n)
    const kind = rangeKind(this.#entity.name)
    const { entry, state } = this.#kept.get(key) ?? { entry: null, state: null }
    const before = state ?? firstState(this.#copy.id, range)
    const isMine = before.owner === this.#owner && !before.done // nobody knows whether it was taken, or given back
    if (state && !isMine && !isFree(state, entry!.ageMs, isRested)) return null
    const next = {
      ...before,
      owner: this.#owner,
      slow: null,
      attempts: before.owner === null || isMine ? before.attempts : before.attempts + 1,
    }
    const revision = entry?.revision ?? null
    if (!(await this.#ledger.compareAndSet(kind, key, revision, stateJson(next)))) return null
    const held = new HeldRange(this.#ledger, kind, n, (revision ?? 0) + 1, next)
    this.#held.set(n, held)
    return held
  }

  /** Tells others why this process goes slowly; null: it does not. Who has lost a range hears of that elsewhere. */
  async tellSlow(slow: string | null): Promise<void> {
    const held = this.#held.values().filter(({ state }) => !state.done && state.slow !== slow)
    await Promise.all(held.map((each) => each.save({ slow }).catch(() => undefined)))
  }

  /** Gives back a range that was taken, or is done. */
  async leave(held: HeldRange, hasFailed = false): Promise<void> {
    const key = rangeKey(held.n)
    try {
      await held.leave(hasFailed)
    } finally {
      const { state, revision } = held
      const entry = { kind: rangeKind(this.#entity.name), key, revision, value: null, ageMs: 0 }
      this.#kept.set(key, { entry, state })
      this.#held.delete(held.n)
    }
  }

  /** Gives back all of them, and takes no more. One that is being taken is waited for: nobody else would give it back. */
  async leaveAll(): Promise<void> {
    this.#isLeft = true
    await this.#turns(() => Promise.all(this.#held.values().map((held) => this.leave(held).catch(() => undefined))))
  }

  /** Says that somebody has nothing to do, as long as the copy is not cut into ranges. */
  async want(): Promise<void> {
    if (this.#copy.cuts === null) await overwrite(this.#ledger, rangeKind(this.#entity.name), wantedKey, this.#copy.id)
  }

  /** Whether somebody has said so lately. */
  get isWanted(): boolean {
    const entry = this.#kept.get(wantedKey)?.entry
    return this.#copy.cuts === null && entry?.value === this.#copy.id && entry.ageMs <= wantedMs
  }

  /**
   * Cuts a copy that is whole so far. Whoever holds it does so, at a moment when it copies nothing: what is behind the cuts
   * is for others.
   */
  async cut(cuts: readonly Id[]): Promise<void> {
    await this.#turns(async () => {
      const next = { ...this.#copy, cuts }
      if (await this.#ledger.compareAndSet(copyKind, this.#entity.name, this.#revision, copyJson(next))) {
        this.#copy = next
        this.#revision++
      } else await this.look()
    })
  }

  /** Writes down that the copy is complete. @returns false where others have done so. */
  async end(tally: Tally): Promise<boolean> {
    const { name } = this.#entity
    await this.look()
    if (this.#copy.done) return false
    const next: CopyRecord = { ...this.#copy, ...tally, done: true, ended: new Date().toISOString() }
    if (!(await this.#ledger.compareAndSet(copyKind, name, this.#revision, copyJson(next)))) return this.end(tally)
    this.#copy = next
    await Promise.all(this.#kept.keys().map((key) => this.#ledger.remove(rangeKind(name), key)))
    await this.#ledger.remove(controlKind, name)
    return true
  }
}
