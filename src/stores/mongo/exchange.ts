import type { Entity, Id } from '../../entity/entity.ts'
import type { Image } from '../store.ts'
import type { MongoConnection } from './connection.ts'
import { failureOf, isDuplicate } from './errors.ts'
import { idTextOf } from './id-text.ts'
import { changed, stateOf, storedById } from './put.ts'
import { isStandIn } from './server-check.ts'
import { hasTransactions, inTransaction } from './transaction.ts'
import { park } from './unique-values.ts'

/**
 * Whether records can exchange unique values in one transaction.
 * Stand-in (SecantusDB): not there. It never ends the transaction of a client that is gone, and what comes later waits
 * for that; MongoDB ends it after a minute.
 */
export const isExchangedAtOnce = async (connection: MongoConnection): Promise<boolean> =>
  (await hasTransactions(connection)) && !(await isStandIn(connection))

class Raced extends Error {}

/**
 * Makes documents equal to images that exchange unique values, in one transaction, outside of which nobody sees what is
 * parked.
 *
 * @returns what was made equal; null where somebody else came between, so that nothing of it stands.
 */
export async function exchange(
  connection: MongoConnection,
  entity: Entity,
  images: readonly Image[],
  under: number,
): Promise<ReadonlySet<Id> | null> {
  try {
    return await inTransaction(connection, async (session) => {
      const look = () => storedById(connection, entity, images, session)
      await park(connection, entity, images, await look(), session)
      const parked = await look()
      const made = new Set<Id>()
      for (const image of images) {
        const put = { connection, entity, image, under, stored: parked.get(idTextOf(entity, image.id)) }
        if (stateOf(put) !== 'older') continue
        if (!(await changed(put, {}, session))) throw new Raced()
        made.add(image.id)
      }
      return made
    })
  } catch (error) {
    if (error instanceof Raced || isDuplicate(error) || failureOf(error) === 'busy') return null
    throw error
  }
}
