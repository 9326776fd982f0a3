import type { Document } from 'mongodb'
import type { Entity, Leaf } from '../../entity/entity.ts'
import { decoded, isConverted, isGuarded } from './codec/expression.ts'
import { mongoKind } from './codec/mongo-kinds.ts'
import type { MongoConnection } from './connection.ts'

/** For how long an answer holds at least and at most, in milliseconds. */
const shortest = 2_000
const longest = 60_000

/** An answer holds this many times as long as it took to find, so that asking costs about two per cent. */
const restFactor = 50

/** Matches documents in which a leaf's stored value is neither null nor one that decodes. */
function dirty(leaf: Leaf): Document {
  const { types } = mongoKind(leaf.kind)
  const conditions: Document[] = [
    { [leaf.mongo]: { $exists: true, $not: { $type: [...types, 'null'] } } },
    ...[leaf.mongo, ...leaf.parents].map((path) => ({ [path]: { $type: 'array' } })),
  ]
  if (isGuarded(leaf)) conditions.push({ [leaf.mongo]: { $type: types }, $expr: { $eq: [decoded(leaf), null] } })
  return { $or: conditions }
}

/**
 * Knows of which fields no stored value is dirty at present: those can be ordered by the stored value, with an index,
 * and not by the decoded one. Asked in the background: until it is known, and for fields with a converter always, the
 * answer is no. A dirty value that another program writes may stand where its raw form sorts until the next look.
 */
export class CleanPaths {
  readonly #connection: MongoConnection
  readonly #answers = new WeakMap<Leaf, { clean: boolean; until: number }>()
  readonly #asking = new WeakSet<Leaf>()

  constructor(connection: MongoConnection) {
    this.#connection = connection
  }

  isClean(entity: Entity, leaf: Leaf): boolean {
    if (isConverted(leaf)) return false
    const answer = this.#answers.get(leaf)
    if (answer && answer.until > performance.now()) return answer.clean
    void this.look(entity, leaf)
    return false
  }

  /** Looks now. Never rejects: where the store does not answer, nothing is known. */
  async look(entity: Entity, leaf: Leaf): Promise<void> {
    if (this.#asking.has(leaf)) return
    this.#asking.add(leaf)
    const began = performance.now()
    try {
      const { maxTimeMs: maxTimeMS } = this.#connection
      const found = await this.#connection
        .collection(entity)
        .findOne(dirty(leaf), { projection: { _id: 1 }, maxTimeMS })
      const now = performance.now()
      const until = now + Math.min(longest, Math.max(shortest, (now - began) * restFactor))
      this.#answers.set(leaf, { clean: found === null, until })
    } catch {
      this.#answers.delete(leaf)
    } finally {
      this.#asking.delete(leaf)
    }
  }
}
