import { type AnyBulkWriteOperation, type Document, MongoBulkWriteError } from 'mongodb'
import type { Entity, Id, Leaf } from '../../entity/entity.ts'
import { valueAt } from '../../entity/values.ts'
import type { Image, PutOutcome } from '../store.ts'
import { compareVersions } from '../version.ts'
import { allOf } from './all-of.ts'
import { alive, atVersion, mirrored, versionOf } from './bookkeeping.ts'
import { difference, encodeId, encodeLeaf, encodeNodes } from './codec/encode.ts'
import type { MongoConnection } from './connection.ts'
import { buries, keepTombstone, tombstonesOf } from './tombstone.ts'

interface Planned {
  readonly index: number
  readonly operation: AnyBulkWriteOperation<Document>
}

const late: PutOutcome = { put: 'late' }
const applied: PutOutcome = { put: 'applied' }

function operationFor(
  entity: Entity,
  image: Image,
  stored: Document | undefined,
): AnyBulkWriteOperation<Document> | null {
  const _id = encodeId(entity, image.id)
  if (stored && compareVersions(versionOf(stored), image.version) >= 0) return null
  if (image.record === null) {
    return stored ? { deleteOne: { filter: allOf({ _id }, atVersion(versionOf(stored))) as Document } } : null
  }
  const _cf = mirrored(image.version)
  if (!stored) return { insertOne: { document: { _id, ...encodeNodes(entity.nodes, image.record), _cf } as Document } }
  const filter = allOf({ _id }, atVersion(versionOf(stored))) as Document
  return { updateOne: { filter, update: { $set: { ...difference(entity, stored, image.record), _cf } } } }
}

async function storedById(
  connection: MongoConnection,
  entity: Entity,
  images: readonly Image[],
): Promise<Map<string, Document>> {
  const ids = images.map(({ id }) => encodeId(entity, id))
  const documents = await connection
    .collection(entity)
    .find({ _id: { $in: ids } } as Document, { readConcern: { level: 'majority' } })
    .toArray()
  return new Map(documents.map((document) => [String(document['_id']), document]))
}

/** Which records hold the value that a unique index refused. */
async function holders(connection: MongoConnection, entity: Entity, image: Image, index: string): Promise<PutOutcome> {
  const unique = [...entity.leaves.values()].filter((leaf) => leaf.unique && leaf.list === 'none')
  const own = encodeId(entity, image.id)
  const conditions = unique.map((leaf) => ({ [leaf.mongo]: encodeLeaf(leaf, valueAt(image.record!, leaf.keys)) }))
  if (conditions.length === 0) return { put: 'blocked', constraint: index, by: [] }
  const found = await connection
    .collection(entity)
    .find(allOf(alive, { _id: { $ne: own } }, { $or: conditions }) as Document, { projection: { _id: 1 } })
    .toArray()
  const by = found.map((document) =>
    entity.idKind === 'objectId' ? String(document['_id']) : (document['_id'] as unknown as Id),
  )
  return { put: 'blocked', constraint: index, by }
}

async function attempt(connection: MongoConnection, entity: Entity, images: readonly Image[]): Promise<PutOutcome[]> {
  const outcomes = images.map(() => late)
  const buried = await tombstonesOf(
    connection,
    entity,
    images.map(({ id }) => id),
  )
  const live: number[] = []
  for (const [index, image] of images.entries()) {
    if (image.record === null) {
      await keepTombstone(connection, entity, image.id, image.version, false)
      outcomes[index] = applied
      live.push(index)
    } else if (!buries(buried.get(image.id), image.version)) live.push(index)
  }
  const stored = await storedById(
    connection,
    entity,
    live.map((index) => images[index]!),
  )
  const planned = live.flatMap((index): Planned[] => {
    const image = images[index]!
    const operation = operationFor(entity, image, stored.get(String(encodeId(entity, image.id))))
    return operation ? [{ index, operation }] : []
  })
  if (planned.length === 0) return outcomes
  for (const { index } of planned) outcomes[index] = applied
  try {
    await connection.collection(entity).bulkWrite(
      planned.map(({ operation }) => operation),
      { ordered: false },
    )
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error
    for (const failure of [error.writeErrors].flat()) {
      const { index } = planned[failure.index]!
      const message = failure.errmsg ?? ''
      if (failure.code !== 11000) throw error
      const constraint = / index: (\S+)/.exec(message)?.[1] ?? 'unique'
      outcomes[index] = constraint.startsWith('_id_')
        ? late
        : await holders(connection, entity, images[index]!, constraint)
    }
  }
  return outcomes
}

/** Unique values that the images are about to exchange are parked: Mongo checks each document by itself. */
async function park(connection: MongoConnection, entity: Entity, images: readonly Image[]): Promise<void> {
  const unique: Leaf[] = [...entity.leaves.values()].filter((leaf) => leaf.unique)
  const stored = await storedById(connection, entity, images)
  for (const image of images) {
    const document = stored.get(String(encodeId(entity, image.id)))
    if (!document || compareVersions(versionOf(document), image.version) >= 0) continue
    const filter = allOf({ _id: document['_id'] }, atVersion(versionOf(document))) as Document
    const parked = Object.fromEntries(unique.map((leaf) => [leaf.mongo, `parked ${String(document['_id'])}`]))
    await connection.collection(entity).updateOne(filter, { $set: parked })
  }
}

/** See `Writer.bulkPut`. The documents' guards are their exact versions: a racing put makes this one late. */
export async function bulkPut(
  connection: MongoConnection,
  entity: Entity,
  images: readonly Image[],
): Promise<PutOutcome[]> {
  const outcomes = await attempt(connection, entity, images)
  const given = new Set(images.map(({ id }) => id))
  const swaps = outcomes.some((outcome) => outcome.put === 'blocked' && outcome.by.some((id) => given.has(id)))
  if (!swaps) return outcomes
  const left = images.filter((_, index) => outcomes[index]!.put === 'blocked')
  const involved = new Set(outcomes.flatMap((outcome) => (outcome.put === 'blocked' ? outcome.by : [])))
  await park(
    connection,
    entity,
    images.filter(({ id }) => involved.has(id) || left.some((image) => image.id === id)),
  )
  const again = await attempt(connection, entity, images)
  return again.map((outcome, index) =>
    outcomes[index]!.put === 'applied' && outcome.put === 'late' ? applied : outcome,
  )
}
