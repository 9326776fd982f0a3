import { Refused } from '../../codec/refused.ts'
import type { Entity, Id } from '../../entity/entity.ts'
import type { IdRange } from '../store.ts'
import { decodeId } from './codec/decode.ts'
import { encodeId } from './codec/encode.ts'
import type { MongoConnection } from './connection.ts'

/** See `Store.spread`. Each range begins behind a document that the server chooses by chance, and walks the index of the ids. */
export async function spread(
  connection: MongoConnection,
  entity: Entity,
  ranges: number,
  records: number,
): Promise<IdRange[]> {
  const collection = connection.collection(entity)
  const options = { maxTimeMS: connection.maxTimeMs }
  // Of all types of the collection: a range may begin anywhere, and a condition would have all documents read
  const chosen = await connection.db
    .collection(entity.mongo)
    .aggregate([{ $sample: { size: ranges } }, { $project: { _id: 1 } }], options)
    .toArray()
  const idOf = (raw: unknown): Id | null => {
    const id = decodeId(entity, raw)
    return id instanceof Refused ? null : id
  }
  const nth = async (filter: object, order: 1 | -1, skip: number): Promise<Id | null> => {
    const more = { ...options, sort: { _id: order }, skip, limit: 1, projection: { _id: 1 } } as const
    const [found] = await collection.find(filter, more).toArray()
    return found ? idOf(found._id) : null
  }
  const points = new Set(chosen.flatMap((document) => idOf(document['_id']) ?? []))
  return Promise.all(
    [...points].map(async (after) => {
      const upTo = await nth({ _id: { $gt: encodeId(entity, after) } }, 1, records - 1)
      // Near the end there are fewer, down to none behind the last: then it is of the last ones
      return upTo === null ? { after: await nth({}, -1, records), upTo } : { after, upTo }
    }),
  )
}
