import type { Document } from 'mongodb'
import type { Entity } from '../../entity/entity.ts'
import { ledgerClaims, ledgerEntries, ledgerLogs, type MongoConnection, tombstones } from './connection.ts'
import { ourIndexes } from './indexes.ts'
import { tombstoneCollection } from './tombstone.ts'

/** What Crossfade keeps of one type in its collection, and beside it. */
export interface Traces {
  /** Documents that bear bookkeeping. */
  readonly documents: number
  /** Documents that readers leave out: their delete was acknowledged and is not finished. */
  readonly deleted: number
  /** Those that a put has not revealed. */
  readonly arriving: number
  readonly tombstones: number
  readonly indexes: readonly string[]
}

const marked: Document = { _cf: { $exists: true } }
const deleted: Document = { '_cf.deleted': { $exists: true } }
const arriving: Document = { '_cf.arriving.since': { $exists: true } }

/** Documents that are changed by one command. */
const batch = 1_000

/** Reads the whole collection. */
export async function tracesOf(connection: MongoConnection, entity: Entity): Promise<Traces> {
  const collection = connection.patient().collection(entity)
  return {
    documents: await collection.countDocuments(marked),
    deleted: await collection.countDocuments(deleted),
    arriving: await collection.countDocuments(arriving),
    tombstones: await tombstoneCollection(connection).countDocuments({ '_id.entity': entity.name }),
    indexes: await ourIndexes(connection, entity),
  }
}

/**
 * Takes the bookkeeping out of the documents of a type, in batches, and its tombstones. What readers left out because of
 * it goes first, or it would come back. Can be stopped and run again.
 *
 * @param onProgress told how many documents were changed so far.
 */
export async function removeTraces(
  connection: MongoConnection,
  entity: Entity,
  { signal, onProgress }: { readonly signal?: AbortSignal; readonly onProgress?: (documents: number) => void } = {},
): Promise<void> {
  const collection = connection.patient().collection(entity)
  for (const unseen of [deleted, arriving]) await collection.deleteMany(unseen)
  let changed = 0
  let ids: Document['_id'][] = []
  const take = async (): Promise<void> => {
    signal?.throwIfAborted()
    const { modifiedCount } = await collection.updateMany({ _id: { $in: ids } }, { $unset: { _cf: '' } })
    changed += modifiedCount
    ids = []
    onProgress?.(changed)
  }
  for await (const { _id } of collection.find(marked, { projection: { _id: 1 } }))
    if (ids.push(_id) === batch) await take()
  if (ids.length > 0) await take()
  await tombstoneCollection(connection).deleteMany({ '_id.entity': entity.name })
}

/** Drops the indexes that gateways look for bookkeeping by. */
export async function dropOurIndexes(connection: MongoConnection, entity: Entity): Promise<readonly string[]> {
  const names = await ourIndexes(connection, entity)
  for (const name of names) await connection.patient().collection(entity).dropIndex(name)
  return names
}

/** Drops the collections of bookkeeping: flags, claims, history, tombstones of all types. */
export async function dropBookkeeping(connection: MongoConnection): Promise<void> {
  const { db } = connection.patient()
  const wanted = [tombstones, ledgerEntries, ledgerClaims, ledgerLogs]
  // Before version 7 MongoDB refuses to drop what is not there
  const there = await db.listCollections({ name: { $in: wanted } }, { nameOnly: true }).toArray()
  for (const { name } of there) await db.dropCollection(name)
}
