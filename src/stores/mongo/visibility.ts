import type { Document } from 'mongodb'
import { Refused } from '../../codec/refused.ts'
import type { Entity } from '../../entity/entity.ts'
import { allOf } from './all-of.ts'
import { isHidden } from './bookkeeping.ts'
import { decodeId } from './codec/decode.ts'
import { visible } from './visible.ts'

/** For how long a type is read with the filter once a document was met that is not part of the API, in milliseconds. */
const wary = 60_000

const isVisible = (entity: Entity, document: Document): boolean =>
  !isHidden(document) && !(decodeId(entity, document['_id']) instanceof Refused)

/**
 * Reads the first documents of an order without asking which of them are part of the API: nearly always all are. Where
 * one is not, the page is read again with the filter, since others belong in its place; a page without such a document
 * is the same either way. Documents need `_id` and `_cf`.
 * Stand-in (SecantusDB): it leaves the index that gives the order for the filter.
 */
export class Visibility {
  readonly #waryUntil = new WeakMap<Entity, number>()

  async read(entity: Entity, match: Document, run: (match: Document) => Promise<Document[]>): Promise<Document[]> {
    if ((this.#waryUntil.get(entity) ?? 0) <= performance.now()) {
      const documents = await run(match)
      if (documents.every((document) => isVisible(entity, document))) return documents
      this.#waryUntil.set(entity, performance.now() + wary)
    }
    return run(allOf(match, visible(entity)))
  }
}
