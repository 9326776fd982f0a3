import type { Document } from 'mongodb'
import type { Entity, Id } from '../../src/entity/entity.ts'
import { encodeId } from '../../src/stores/mongo/codec/encode.ts'
import { newObjectId } from '../../src/util/object-id.ts'
import { anyEpoch } from './any-epoch.ts'
import type { TestStores } from './stores.ts'

/** A raw document in Mongo, under a new ObjectId where it has no id, and what backfill makes of it in Postgres. */
export async function insertRaw({ mongo, postgres }: TestStores, entity: Entity, document: Document): Promise<string> {
  const id = (document['_id'] ?? newObjectId()) as string
  await mongo.connection.collection(entity).insertOne({ ...document, _id: encodeId(entity, id) } as Document)
  await postgres.replica.bulkPut(entity, await mongo.outbox.images(entity, [id]), anyEpoch)
  return id
}

/** A document as it is stored, bookkeeping left out. */
export async function rawDocument({ mongo }: TestStores, entity: Entity, id: Id): Promise<Document | null> {
  const document = await mongo.connection.collection(entity).findOne({ _id: encodeId(entity, id) } as Document)
  if (!document) return null
  const { _id, _cf, ...rest } = document
  return rest
}
