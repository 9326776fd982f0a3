import { Refused } from '../../codec/refused.ts'
import type { Entity, Id } from '../../entity/entity.ts'
import { cutsOf, idsPerRange, rangesOf } from '../cuts.ts'
import { decodeId } from './codec/decode.ts'
import type { MongoConnection } from './connection.ts'

/**
 * See `Store.cuts`. By `$sample` as the first stage: for less than 5 % of more than 100 documents a server moves a cursor to
 * random places, and else it would sort all of them; here it is asked for a thousandth. What `splitVector` and walking the
 * index of the ids would tell exactly needs rights of a cluster's, or reads every key.
 * Source: MongoDB manual, "$sample (aggregation)"
 *
 * Stand-in (SecantusDB): it reads the whole collection for that, 200,000 documents in 3 s.
 */
export async function cuts(hasty: MongoConnection, entity: Entity, records: number, most: number): Promise<Id[]> {
  // Of all types of the collection: ids of others cut as well, and a condition would have all documents read
  const collection = hasty.patient().db.collection(entity.mongo)
  const ranges = rangesOf(await collection.estimatedDocumentCount(), records, most)
  if (ranges === 1) return []
  const sample = [{ $sample: { size: ranges * idsPerRange } }, { $project: { _id: 1 } }]
  const chosen = await collection.aggregate(sample).toArray()
  const ids = chosen.map((document) => decodeId(entity, document['_id']))
  return cutsOf(
    entity,
    ids.filter((id): id is Id => !(id instanceof Refused)),
    ranges,
  )
}
