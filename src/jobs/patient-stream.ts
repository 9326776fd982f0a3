import type { Entity } from '../entity/entity.ts'
import type { ScanRange, Store, Streamed } from '../stores/store.ts'
import { Patience, type PatienceOptions } from './patience.ts'

/**
 * See `Reader.stream`. Where the store is in trouble it is asked again, behind the last record that came, for half as many
 * at a time, and for more again as soon as it answers. A document without a record comes once.
 */
export async function* patientStream(
  { reader }: Pick<Store, 'reader'>,
  entity: Entity,
  range: ScanRange,
  options: PatienceOptions,
): AsyncGenerator<Streamed, void> {
  const patience = new Patience(options)
  // Behind a record, documents that have none are told of by a survey alone
  const isWhole = range.after === null && (range.upTo ?? null) === null
  /** Ids of documents that may come again: they have no order among the records of their lot. */
  const told = new Set<string>()
  let { after, limit } = range
  let isAgain = false

  /** As long as lots are to be of one size. */
  async function* lots(): AsyncGenerator<Streamed, boolean> {
    const asked = limit
    const from = { ...range, after, limit, ...(isAgain && isWhole ? { surveyed: true } : {}) }
    for await (const lot of reader.stream(entity, from)) {
      patience.over()
      const quarantined = lot.quarantined.filter(({ id }) => !told.has(id))
      const last = lot.images.at(-1)
      if (last) {
        after = last.id
        told.clear()
      }
      for (const { id } of lot.quarantined) told.add(id)
      yield { ...lot, quarantined }
      limit = Math.min(range.limit, limit * 2)
      if (limit !== asked) return false
    }
    return true
  }

  for (;;) {
    try {
      if (yield* lots()) return
    } catch (error) {
      await patience.wait(error)
      limit = Math.ceil(limit / 2)
    }
    isAgain = true
  }
}
