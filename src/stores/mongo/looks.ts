import type { Document } from 'mongodb'
import type { Entity, Leaf } from '../../entity/entity.ts'
import type { MongoConnection } from './connection.ts'

/** For how long an answer holds at least and at most, in milliseconds. */
const shortest = 2_000
const longest = 60_000

/** An answer holds this many times as long as it took to find, so that asking costs about two per cent. */
const restFactor = 50

/**
 * Knows of which fields no stored value is of a sort that a faster way of asking would get wrong. Asked in the
 * background: until it is known, the answer is no. Such a value that another program writes may be missed, or stand
 * where its raw form sorts, until the next look.
 */
export class Looks {
  readonly #connection: MongoConnection
  readonly #sort: (leaf: Leaf, path: string) => Document | null
  readonly #answers = new WeakMap<Leaf, { free: boolean; until: number }>()
  readonly #asking = new WeakSet<Leaf>()

  /** @param sort matches the documents that hold such a value of a leaf at a path; null where there can be none. */
  constructor(connection: MongoConnection, sort: (leaf: Leaf, path: string) => Document | null) {
    this.#connection = connection
    this.#sort = sort
  }

  /** @param path where the leaf is stored, from the document's root; default: as the leaf says. */
  isFree(entity: Entity, leaf: Leaf, path: string = leaf.mongo): boolean {
    const answer = this.#answers.get(leaf)
    if (answer && answer.until > performance.now()) return answer.free
    if (this.#sort(leaf, path) === null) return true
    void this.look(entity, leaf, path)
    return false
  }

  /** Looks now. Never rejects: where the store does not answer, nothing is known. */
  async look(entity: Entity, leaf: Leaf, path: string = leaf.mongo): Promise<void> {
    const filter = this.#sort(leaf, path)
    if (filter === null || this.#asking.has(leaf)) return
    this.#asking.add(leaf)
    const began = performance.now()
    try {
      const { maxTimeMs: maxTimeMS } = this.#connection
      const collection = this.#connection.collection(entity)
      const found = await collection.findOne(filter, { projection: { _id: 1 }, maxTimeMS })
      const now = performance.now()
      const until = now + Math.min(longest, Math.max(shortest, (now - began) * restFactor))
      this.#answers.set(leaf, { free: found === null, until })
    } catch {
      this.#answers.delete(leaf)
    } finally {
      this.#asking.delete(leaf)
    }
  }
}
