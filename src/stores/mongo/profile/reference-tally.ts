import { LRUCache } from 'lru-cache'
import type { Entity, Id } from '../../../entity/entity.ts'
import { allOf } from '../all-of.ts'
import { rawText } from '../codec/decode.ts'
import { encodeId } from '../codec/encode.ts'
import type { MongoConnection } from '../connection.ts'
import { idText, idTextOf } from '../id-text.ts'
import { visible } from '../visible.ts'
import type { Met } from './findings.ts'
import { type Reading, readFrom } from './raw-documents.ts'

/** Where the ids in a field lead. */
export interface ReferenceProfile {
  readonly path: string
  readonly to: string
  /** Documents that hold an id. */
  readonly documents: number
  /** Those of which an id leads to no record. */
  readonly orphans: number
  /** One of them, as Extended JSON text. */
  readonly example: string | null
}

const remembered = 100_000 // ids of the other collection

/** Looks up whether the ids that a field holds are there, a batch at a time, by the index of the ids. */
export class ReferenceTally {
  readonly #path: string
  readonly #target: Entity
  readonly #exists = new LRUCache<Id, boolean>({ max: remembered })
  /** Documents that wait for the answer, by the id that they hold. */
  readonly #waiting = new Map<Id, Met[]>()
  readonly #orphans = new Set<number>()
  #last = -1
  #documents = 0
  #found = 0
  #example: string | null = null

  constructor(path: string, target: Entity) {
    this.#path = path
    this.#target = target
  }

  add(id: Id, document: Met): void {
    if (this.#last !== document.number) this.#documents++
    this.#last = document.number
    const waiting = this.#waiting.get(id)
    if (waiting) waiting.push(document)
    else this.#waiting.set(id, [document])
  }

  /** Asks for what a batch of documents has named; to be called behind each. */
  async settle(connection: MongoConnection, reading: Reading): Promise<void> {
    const target = this.#target
    const known = new Map([...this.#waiting.keys()].map((id) => [id, this.#exists.get(id)]))
    const ids = [...known].flatMap(([id, exists]) => (exists === undefined ? [id] : []))
    if (ids.length > 0) {
      const match = allOf({ _id: { $in: ids.map((id) => encodeId(target, id)) } }, visible(target))
      const { signal } = reading
      const options = { projection: { _id: 1 }, ...(signal ? { signal } : {}) } as const
      const found = await readFrom(connection, target, reading).find(match, options).toArray()
      const there = new Set(found.map(({ _id }) => idText(_id)))
      for (const id of ids) {
        known.set(id, there.has(idTextOf(target, id)))
        this.#exists.set(id, known.get(id)!)
      }
    }
    for (const [id, documents] of this.#waiting) if (!known.get(id)) this.#note(documents)
    this.#waiting.clear()
    this.#found += this.#orphans.size
    this.#orphans.clear()
  }

  #note(documents: readonly Met[]): void {
    for (const { number, id } of documents) {
      this.#orphans.add(number)
      this.#example ??= rawText(id)
    }
  }

  profile(): ReferenceProfile {
    const [documents, orphans] = [this.#documents, this.#found]
    return { path: this.#path, to: this.#target.name, documents, orphans, example: this.#example }
  }
}
