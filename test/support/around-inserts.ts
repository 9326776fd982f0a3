import type { MongoConnection } from '../../src/stores/mongo/connection.ts'
import type { TestStores } from './stores.ts'

/** The connection of a write or a put, with something that happens right before, or right behind, its insert. */
export function aroundInserts(
  { mongo: { connection } }: TestStores,
  { before, behind }: { before?: () => Promise<unknown>; behind?: () => Promise<unknown> },
): MongoConnection {
  return {
    ...connection,
    collection(entity) {
      const collection = connection.collection(entity)
      const insertOne: typeof collection.insertOne = async (...given) => {
        await before?.()
        const inserted = await collection.insertOne(...given)
        await behind?.()
        return inserted
      }
      return Object.assign(connection.collection(entity), { insertOne })
    },
  }
}
