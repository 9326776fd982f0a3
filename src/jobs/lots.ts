import type { Entity } from '../entity/entity.ts'
import type { IdRange, Reader, Streamed } from '../stores/store.ts'

/** What the authority has of a stretch of ids, as it was read together. */
export interface Lot extends Streamed {
  /** Null where none of the documents has a record, and so none an id to go on behind. */
  readonly stretch: IdRange | null
  readonly isLast: boolean
  /** No image is older, by the monotonic clock. */
  readonly since: number
}

/** Of one lot, about; up to five are held: three that are put, one that waits, one that is read. */
const lotBytes = 8 * 1024 * 1024

/**
 * All that the authority has of a range, by one cursor: a lot at a time, and one without records at the end.
 *
 * @param limit records a lot at most.
 */
export async function* lotsOf(
  reader: Reader,
  entity: Entity,
  { after, upTo }: IdRange,
  limit: number,
): AsyncGenerator<Lot, void> {
  const began = performance.now()
  // A server may have read the first document of a lot along with the lot before
  let [since, next] = [began, began]
  for await (const lot of reader.stream(entity, { after, upTo, limit, maxBytes: lotBytes, surveyed: true })) {
    const last = lot.images.at(-1)
    const oldest = Math.min(since, lot.since ?? since)
    yield { ...lot, stretch: last ? { after, upTo: last.id } : null, isLast: false, since: oldest }
    after = last?.id ?? after
    ;[since, next] = [next, performance.now()]
  }
  yield { images: [], quarantined: [], odd: [], stretch: { after, upTo }, isLast: true, since }
}
