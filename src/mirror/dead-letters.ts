import { z } from 'zod'
import type { Entity, Id } from '../entity/entity.ts'
import { fieldSet } from '../entity/field-set.ts'
import { type Entry, type Ledger, parseAs } from '../stores/ledger.ts'
import type { Image, Store } from '../stores/store.ts'
import { formatVersion } from '../stores/version.ts'
import { idIn, keyOf } from './record-key.ts'

export const deadLetterKind = 'dead-letter'

/** A put that the mirror refuses: which record, at which version, why, and when it is tried again. */
export interface DeadLetter {
  readonly reason: string
  /** Ids of the records that hold a unique value of it. */
  readonly by: readonly string[]
  readonly version: string
  readonly tries: number
  /** Milliseconds since 1970 by the clock of the gateway that tried last. */
  readonly next: number
}

const form: z.ZodType<DeadLetter> = z.object({
  reason: z.string(),
  by: z.array(z.string()),
  version: z.string(),
  tries: z.int(),
  next: z.number(),
})

/** Null for one in another form: its record is tried at once, and the letter written anew. */
export const parseDeadLetter = ({ value }: Entry): DeadLetter | null => parseAs(form, value)

const firstWaitMs = 1_000
const longestWaitMs = 600_000

/** Ever more rarely, up to every ten minutes: what is refused stays refused until the record or a rule changes. */
export const waitMs = (tries: number): number => Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(tries - 1, 20))

/** The dead letters of one type in the store that owes, as they were when they were read. */
export class DeadLetters {
  readonly #ledger: Ledger
  readonly #entity: Entity
  readonly #entries: ReadonlyMap<string, Entry>

  private constructor(ledger: Ledger, entity: Entity, entries: readonly Entry[]) {
    this.#ledger = ledger
    this.#entity = entity
    this.#entries = new Map(entries.map((entry) => [entry.key, entry]))
  }

  static async of(ledger: Ledger, entity: Entity): Promise<DeadLetters> {
    const entries = await ledger.list(deadLetterKind)
    return new DeadLetters(
      ledger,
      entity,
      entries.filter(({ key }) => idIn(entity, key) !== null),
    )
  }

  /**
   * Those to be tried now: first those whose record has changed since, then those whose time has come, by how long ago.
   *
   * @param impatient those whose time has not come as well.
   */
  async due(store: Store, impatient = false, now = Date.now()): Promise<Id[]> {
    const { ids } = this
    if (ids.length === 0) return []
    const present = await store.reader.byIds(this.#entity, ids, fieldSet(this.#entity, []))
    const nextOf = new Map<Id, number>()
    for (const id of ids) {
      const letter = this.#letter(id)
      const item = present.get(id)
      const hasChanged = letter === null || !item || formatVersion(item.version) !== letter.version
      // One that is to wait for longer than any was written by a clock that was ahead
      const next = hasChanged || letter.next - now > longestWaitMs ? 0 : letter.next
      if (impatient || next <= now) nextOf.set(id, next)
    }
    return [...nextOf].sort(([, a], [, b]) => a - b).map(([id]) => id)
  }

  /** Grows with each try; null where there is no letter. */
  revisionOf(id: Id): number | null {
    return this.#entries.get(keyOf(this.#entity, id))?.revision ?? null
  }

  #letter(id: Id): DeadLetter | null {
    const entry = this.#entries.get(keyOf(this.#entity, id))
    return entry ? parseDeadLetter(entry) : null
  }

  /** @returns whether it is the first of its record. */
  async write({ id, version }: Image, reason: string, by: readonly Id[] = []): Promise<boolean> {
    const key = keyOf(this.#entity, id)
    const tries = (this.#letter(id)?.tries ?? 0) + 1
    const letter = {
      reason,
      by: by.map(String),
      version: formatVersion(version),
      tries,
      next: Date.now() + waitMs(tries),
    } satisfies DeadLetter
    await this.#ledger.compareAndSet(deadLetterKind, key, this.#entries.get(key)?.revision ?? null, letter)
    return tries === 1
  }

  /** Lets the sweep try them at its next round. @param ids default: all. */
  async hasten(ids: readonly Id[] = this.ids): Promise<void> {
    for (const id of ids) {
      const key = keyOf(this.#entity, id)
      const entry = this.#entries.get(key)
      const letter = entry && parseDeadLetter(entry)
      // Where it was tried meanwhile there is nothing to hasten
      if (letter)
        await this.#ledger.compareAndSet(deadLetterKind, key, entry.revision, {
          ...letter,
          by: [...letter.by],
          next: 0,
        })
    }
  }

  /** Takes away those of records that are owed no more. */
  async removeAllBut(owed: readonly Id[]): Promise<void> {
    const kept = new Set(owed.map((id) => keyOf(this.#entity, id)))
    for (const key of this.#entries.keys()) if (!kept.has(key)) await this.#ledger.remove(deadLetterKind, key)
  }

  /** The ids, as the ledger's keys have them. */
  get ids(): Id[] {
    return [...this.#entries.keys()].map((key) => {
      const text = idIn(this.#entity, key)!
      return this.#entity.idKind === 'int' ? Number(text) : text
    })
  }
}
