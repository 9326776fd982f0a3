import type { Document } from 'mongodb'
import { Refused } from '../../codec/refused.ts'
import type { Entity, Id } from '../../entity/entity.ts'
import type { Version } from '../version.ts'
import { allOf } from './all-of.ts'
import { atVersion, isArriving, versionOf } from './bookkeeping.ts'
import { storeNow } from './clock.ts'
import { decodeId } from './codec/decode.ts'
import { encodeId } from './codec/encode.ts'
import type { MongoConnection } from './connection.ts'
import { forbids, tombstonesOf } from './tombstone.ts'

const arriving = '_cf.arriving'

/**
 * Reveals a document that a put has written, or removes it where it was deleted meanwhile: the delete wrote its tombstone
 * before it looked for the document, so that one of the two has seen the other. A transaction would not do: under
 * snapshot isolation both commit. Safe to repeat, by anybody, at any time.
 *
 * @returns whether it was revealed; else it is gone, or others have made something of it.
 */
export async function settle(connection: MongoConnection, entity: Entity, id: Id, version: Version): Promise<boolean> {
  const tombstone = (await tombstonesOf(connection, entity, [id])).get(id)
  const asWritten = allOf({ _id: encodeId(entity, id), [arriving]: { $type: 'date' } }, atVersion(version))
  const collection = connection.collection(entity)
  if (forbids(tombstone, version)) {
    await collection.deleteOne(asWritten)
    return false
  }
  const { matchedCount } = await collection.updateOne(asWritten, { $unset: { [arriving]: '' } })
  return matchedCount === 1
}

/** The same for one that was read. */
export async function settleIfArriving(connection: MongoConnection, entity: Entity, document: Document): Promise<void> {
  const id = decodeId(entity, document['_id'])
  if (isArriving(document) && !(id instanceof Refused)) await settle(connection, entity, id, versionOf(document))
}

const batch = 100

/** See `Replica.settleArriving`. Puts that were cut off leave such documents; by age, since others are under way. */
export async function settleArriving(
  connection: MongoConnection,
  entity: Entity,
  olderThanMs: number,
): Promise<number> {
  const before = new Date((await storeNow(connection)) - olderThanMs)
  const found = await connection
    .collection(entity)
    .find(
      { [arriving]: { $type: 'date', $lte: before } },
      { projection: { _id: 1, _cf: 1 }, sort: { [arriving]: 1 }, limit: batch, readConcern: { level: 'majority' } },
    )
    .toArray()
  for (const document of found) await settleIfArriving(connection, entity, document)
  return found.length
}
