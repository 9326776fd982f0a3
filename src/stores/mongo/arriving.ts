import type { Document } from 'mongodb'
import { Refused } from '../../codec/refused.ts'
import type { Entity, Id } from '../../entity/entity.ts'
import type { PutOutcome } from '../store.ts'
import type { Version } from '../version.ts'
import { allOf } from './all-of.ts'
import { arrivingOf, atVersion, versionOf } from './bookkeeping.ts'
import { storeNow } from './clock.ts'
import { decodeId } from './codec/decode.ts'
import { encodeId } from './codec/encode.ts'
import type { MongoConnection } from './connection.ts'
import { isOvertaken } from './fence.ts'
import { forbids, tombstonesOf } from './tombstone.ts'

const arriving = '_cf.arriving'
const since = `${arriving}.since`

/**
 * Reveals a document that a put has written, or removes it where it was deleted meanwhile: the delete wrote its tombstone
 * before it looked for the document, so that one of the two has seen the other. A transaction would not do: under
 * snapshot isolation both commit. Where the flag is of a later epoch, it is removed as well. Safe to repeat, by anybody,
 * at any time.
 *
 * @param under see `Replica.bulkPut`.
 * @returns what has become of it; late where others have made something of it.
 */
export async function settle(
  connection: MongoConnection,
  entity: Entity,
  { id, version }: { readonly id: Id; readonly version: Version },
  under: number,
): Promise<PutOutcome> {
  const [tombstones, overtaken] = await Promise.all([
    tombstonesOf(connection, entity, [id]),
    isOvertaken(connection, entity, under),
  ])
  const asWritten = allOf({ _id: encodeId(entity, id), [since]: { $type: 'date' } }, atVersion(version))
  const collection = connection.collection(entity)
  if (overtaken || forbids(tombstones.get(id), version)) {
    await collection.deleteOne(asWritten)
    return { put: overtaken ? 'overtaken' : 'late' }
  }
  const { matchedCount } = await collection.updateOne(asWritten, { $unset: { [arriving]: '' } })
  return { put: matchedCount === 1 ? 'applied' : 'late' }
}

/** The same for one that was read. */
export async function settleIfArriving(connection: MongoConnection, entity: Entity, document: Document): Promise<void> {
  const id = decodeId(entity, document['_id'])
  const found = arrivingOf(document)
  if (found && !(id instanceof Refused))
    await settle(connection, entity, { id, version: versionOf(document) }, found.under)
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
      { [since]: { $type: 'date', $lte: before } },
      { projection: { _id: 1, _cf: 1 }, sort: { [since]: 1 }, limit: batch, readConcern: { level: 'majority' } },
    )
    .toArray()
  for (const document of found) await settleIfArriving(connection, entity, document)
  return found.length
}
