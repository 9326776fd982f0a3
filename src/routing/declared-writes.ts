import type { Entity } from '../entity/entity.ts'
import { flagKeyOf } from '../entity/flag-key.ts'
import { CrossfadeError } from '../util/errors.ts'

/** What a mutation writes, and how its steps belong together. */
export interface Writes {
  readonly entities: readonly Entity[]
  /** All steps are one transaction; false where each stands by itself. */
  readonly together: boolean
  /** The work may be run again where another write came in between. */
  readonly repeatable?: boolean
}

/** A mutation's field that writes one type: `extensions: { writes: only(Movie) }`. Each of its writes is atomic. */
export const only = (entity: Entity): Writes => ({ entities: [entity], together: false })

/**
 * A mutation's field that writes several types, one after the other: said where it is so, since no transaction joins
 * their writes. A crash between two of them leaves the first.
 */
export const independent = (...entities: readonly Entity[]): Writes => ({ entities, together: false })

/**
 * A mutation's field whose writes are one transaction of the store with authority: all of them are done, or none, whether
 * a step fails, the resolver throws, or the gateway dies. Several types have to be of one `group`. The mirror shows its
 * records one at a time.
 *
 * What the function that `write()` is given reads by `tx.of(…).get` is with what it has written; what it loads otherwise is
 * as before. It is not run again where another write came in between, since it may have done other things: the client is
 * told TRY_AGAIN. `repeatable` says that it may.
 *
 * On a MongoDB server by itself, which has no transactions, the writes are made one after the other, as with
 * `independent`.
 *
 * @throws MISCONFIGURED for types that are not of one group.
 */
export function together(...entities: readonly Entity[]): Writes {
  const writes = { entities, together: true }
  const problem = togetherProblem(writes)
  if (problem) throw new CrossfadeError('MISCONFIGURED', problem)
  return writes
}

/**
 * The same, where the function that `write()` is given does nothing but write and read through its transaction: where
 * another write came in between, it is run again, up to five times.
 */
export const repeatable = (writes: Writes): Writes => ({ ...writes, repeatable: true })

/** Why no transaction can join the writes; null where one can, or none is asked for. */
export function togetherProblem({ entities, together }: Writes): string | null {
  if (!together || new Set(entities.map(flagKeyOf)).size === 1) return null
  const each = entities.map(({ name, group }) => `${name} is of ${group === null ? 'none' : `group ${group}`}`)
  return `What is written together has to be of one group, and ${each.join(', ')}. Give them one \`group\`, or write them \`independent\`.`
}
