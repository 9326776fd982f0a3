import type { Entity } from '../../entity/entity.ts'
import type { Steps } from '../store.ts'
import { byHandIn } from './by-hand.ts'
import type { PostgresConnection } from './connection.ts'
import { writeError, writeTrouble } from './errors.ts'
import { imagesIn } from './outbox.ts'
import { type OnRecord, recordWrites } from './record-writes.ts'

/**
 * See `Authority.together`. It holds a connection from its first step to its end, and the records that it has written:
 * of two that wait for each other the server ends one, which has written nothing.
 *
 * @param beside for what is asked meanwhile: of the pool whose connections transactions hold, all would wait for another.
 */
export async function together<T>(
  connection: PostgresConnection,
  beside: PostgresConnection,
  work: (steps: Steps) => Promise<T>,
  mayCommit: () => void,
  share?: string,
): Promise<T> {
  const written = new Set<Entity>()
  let failed = false
  try {
    return await connection.transaction(async (tx) => {
      const onRecord: OnRecord = async (entity, _, statements) => {
        written.add(entity)
        try {
          return await tx.step(statements)
        } catch (error) {
          throw await writeError(beside, entity, error)
        }
      }
      const steps: Steps = {
        ...recordWrites(beside, onRecord),
        isAtomic: true,
        images: (entity, ids) => imagesIn(tx, beside, entity, ids),
        byHand(entity, ...args) {
          written.add(entity)
          return byHandIn(tx, beside, entity, ...args)
        },
      }
      try {
        const result = await work(steps)
        mayCommit()
        return result
      } catch (error) {
        failed = true
        throw error
      }
    }, share)
  } catch (error) {
    if (failed) throw error
    // Of the commit, or of what went before the first step
    throw await commitError(beside, [...written], error)
  }
}

/** A unique value that is checked at the end is one of the last record's, for all that is known. */
async function commitError(beside: PostgresConnection, written: readonly Entity[], error: unknown) {
  const entity = written.at(-1)
  return entity ? writeError(beside, entity, error) : writeTrouble(error)
}
