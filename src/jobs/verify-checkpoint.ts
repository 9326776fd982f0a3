import { z } from 'zod'
import { fingerprint } from '../compare/differences.ts'
import type { Entity, Id } from '../entity/entity.ts'
import { type Ledger, overwrite, parseAs } from '../stores/ledger.ts'
import type { Json } from '../util/json.ts'

/** Kind of the entries in the ledger of the store with authority, by type. */
export const checkpointKind = 'verify-checkpoint'

/** Evidence is of a day at most, and what is put together of two runs is no younger than the first. */
const longestMs = 12 * 3_600_000

/** A reference that one store alone may be able to follow. */
export interface SuspectTarget {
  readonly path: string
  readonly id: Id
}

/** A batch of the authority: its last record, and what was read until then. */
export interface ReadLot {
  readonly after: Id
  readonly compared: number
  readonly quarantined: number
}

/** What a run over a whole type has looked at: all records up to one, in the order of their ids. */
export interface VerifyCheckpoint extends ReadLot {
  /** When the first run began, by its host's clock. */
  readonly began: string
  readonly accepted: number
  /** Those that seemed to differ: they are looked at again, since somebody may have repaired them. */
  readonly suspects: readonly Id[]
  readonly targets: readonly SuspectTarget[]
}

const id = z.union([z.string(), z.number()])

const form = z.object({
  /** What it is said of. */
  of: z.string(),
  began: z.string(),
  after: id,
  compared: z.number(),
  accepted: z.number(),
  quarantined: z.number(),
  suspects: z.array(id),
  targets: z.array(z.object({ path: z.string(), id })),
})

/** Whether an entry names a record. @param isOfType whether the run is over the record's own type. */
export function checkpointNames(value: Json, id: Id, isOfType: boolean): boolean {
  const { data } = form.safeParse(value)
  if (!data) return true // of a form that this version does not know: nothing goes on from there
  if (isOfType && (data.after === id || data.suspects.includes(id))) return true
  return data.targets.some((target) => target.id === id)
}

/** Where runs over one type go on from that were cut off. */
export class VerifyCheckpoints {
  readonly #ledger: Ledger
  readonly #type: string
  readonly #of: string
  readonly #everyMs: number
  /** Those that are being read, and not yet held against the mirror. */
  readonly #lots: ReadLot[] = []
  #keptAt = performance.now()

  /**
   * @param of what all that was looked at is said of: of another epoch, mapping or set of rules it tells nothing.
   * @param everyMs between two times that it is kept how far a run is.
   */
  constructor(ledger: Ledger, { name }: Entity, of: Json, everyMs = 30_000) {
    this.#ledger = ledger
    this.#type = name
    this.#of = fingerprint(name, checkpointKind, '', JSON.stringify(of))
    this.#everyMs = everyMs
  }

  /** Null where there is none to go on from. */
  async last(): Promise<VerifyCheckpoint | null> {
    const entry = (await this.#ledger.list(checkpointKind)).find(({ key }) => key === this.#type)
    const kept = entry && entry.ageMs < longestMs ? parseAs(form, entry.value) : null
    return kept?.of === this.#of ? kept : null
  }

  /** A batch that was read, in their order. */
  read(lot: ReadLot): void {
    this.#lots.push(lot)
  }

  /** The batch that ends where a run is, if it is time to keep that; null where none does. */
  due(compared: number): ReadLot | null {
    let lot: ReadLot | undefined
    while (this.#lots[0] && this.#lots[0].compared <= compared) lot = this.#lots.shift()
    return lot?.compared === compared && performance.now() - this.#keptAt >= this.#everyMs ? lot : null
  }

  async keep(checkpoint: VerifyCheckpoint): Promise<void> {
    await overwrite(
      this.#ledger,
      checkpointKind,
      this.#type,
      JSON.parse(JSON.stringify({ of: this.#of, ...checkpoint })) as Json,
    )
    this.#keptAt = performance.now()
  }

  async drop(): Promise<void> {
    await this.#ledger.remove(checkpointKind, this.#type)
  }
}
