import type { Collection, Document } from 'mongodb'
import type { Entity } from '../../entity/entity.ts'
import { faultOf } from '../failure.ts'
import type { Image, PutOutcome } from '../store.ts'
import { compareVersions } from '../version.ts'
import { allOf } from './all-of.ts'
import { atMost, atVersion, mirrored, versionOf } from './bookkeeping.ts'
import { difference, Unwritable } from './codec/difference.ts'
import { encodeId, encodeWhole, isTooLarge, tooLarge } from './codec/encode.ts'
import type { MongoConnection } from './connection.ts'
import { isDuplicate, isStoreTrouble, pathsRefused, refusal } from './errors.ts'
import { readDocuments } from './read-documents.ts'
import type { StoredDocument } from './stored.ts'
import { forbids, keepTombstone, tombstonesOf } from './tombstone.ts'
import { holders, park } from './unique-values.ts'

const late: PutOutcome = { put: 'late' }
const applied: PutOutcome = { put: 'applied' }

/** Known before anything is sent. */
class TooLarge extends Error {}

/** One guarded write; false where the document is no longer as it was read. */
type Write = (collection: Collection<StoredDocument>) => Promise<boolean>

/**
 * What makes a stored document equal to an image; null where it is as new already. The guard is the exact version that
 * was read: the difference was computed against it.
 */
function writeFor(entity: Entity, image: Image, stored: Document | undefined): Write | null {
  const _id = encodeId(entity, image.id)
  if (stored && compareVersions(versionOf(stored), image.version) >= 0) return null
  const asRead = stored ? allOf({ _id }, atVersion(versionOf(stored))) : {}
  if (image.record === null) {
    return stored ? async (collection) => (await collection.deleteOne(asRead)).deletedCount === 1 : null
  }
  const _cf = mirrored(image.version)
  if (stored) {
    const { $set, $unset } = difference(entity, stored, image.record, image.elementRests)
    const update = { $set: { ...$set, _cf }, ...(Object.keys($unset).length > 0 ? { $unset } : {}) }
    return async (collection) => (await collection.updateOne(asRead, update)).matchedCount === 1
  }
  const document = { _id, ...encodeWhole(entity, image.record, image), _cf }
  if (isTooLarge(document)) throw new TooLarge()
  return async (collection) => {
    await collection.insertOne(document)
    return true
  }
}

async function storedById(
  connection: MongoConnection,
  entity: Entity,
  images: readonly Image[],
): Promise<Map<string, Document>> {
  const ids = images.map(({ id }) => encodeId(entity, id))
  const documents = await readDocuments((more) =>
    connection.collection(entity).find({ _id: { $in: ids } }, { readConcern: { level: 'majority' }, ...more }),
  )
  return new Map(documents.map((document) => [String(document['_id']), document]))
}

const maxRaces = 5 // another put of the same record won each time; the sweep looks at it again

/**
 * A delete that came between our look for tombstones and the insert has found nothing to remove: it is undone here,
 * together with what other puts have made of the document since.
 */
async function undoIfDeleted(connection: MongoConnection, entity: Entity, image: Image): Promise<boolean> {
  const tombstone = (await tombstonesOf(connection, entity, [image.id])).get(image.id)
  if (!tombstone || !forbids(tombstone, image.version)) return false
  const deleted = allOf({ _id: encodeId(entity, image.id) }, atMost(tombstone.version))
  await connection.collection(entity).deleteOne(deleted)
  return true
}

/** What keeps an image out. @throws where the store is in trouble. */
function keptOut(error: unknown): PutOutcome {
  if (isStoreTrouble(error)) throw error
  if (error instanceof TooLarge) return { put: 'refused', reason: tooLarge }
  if (error instanceof Unwritable) return { put: 'refused', reason: error.message }
  return { put: 'refused', reason: refusal(error) ?? faultOf(error) }
}

/** @param isNewTombstone for a tombstone: it was written just now, so that only a newer record can make it late. */
async function putOne(
  connection: MongoConnection,
  entity: Entity,
  image: Image,
  stored: Document | undefined,
  isNewTombstone: boolean,
): Promise<PutOutcome> {
  let present = stored
  for (let race = 0; race < maxRaces; race++) {
    try {
      const write = writeFor(entity, image, present)
      if (!write) return isNewTombstone && !present ? applied : late
      if (await write(connection.collection(entity))) {
        const undone = !present && (await undoIfDeleted(connection, entity, image))
        return undone ? late : applied
      }
    } catch (error) {
      if (!isDuplicate(error)) return keptOut(error)
      if (pathsRefused(error).join() !== '_id') return holders(connection, entity, image, error)
    }
    present = (await storedById(connection, entity, [image])).get(String(encodeId(entity, image.id)))
  }
  return late
}

async function attempt(connection: MongoConnection, entity: Entity, images: readonly Image[]): Promise<PutOutcome[]> {
  // Before the documents are read: a racing put either is seen by that read, or sees the tombstone after its insert.
  const areNewTombstones = await Promise.all(
    images.map(({ id, version, record }) => record === null && keepTombstone(connection, entity, id, version, false)),
  )
  const tombstones = await tombstonesOf(
    connection,
    entity,
    images.map(({ id }) => id),
  )
  const stored = await storedById(connection, entity, images)
  return Promise.all(
    images.map((image, index) => {
      if (image.record !== null && forbids(tombstones.get(image.id), image.version)) return late
      return putOne(connection, entity, image, stored.get(String(encodeId(entity, image.id))), areNewTombstones[index]!)
    }),
  )
}

/** See `Replica.bulkPut`. The documents' guards are their exact versions: a racing put makes this one late. */
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
  const parked = images.filter(({ id }) => involved.has(id) || left.some((image) => image.id === id))
  await park(connection, entity, parked, await storedById(connection, entity, parked))
  const again = await attempt(connection, entity, images)
  return again.map((outcome, index) =>
    outcomes[index]!.put === 'applied' && outcome.put === 'late' ? applied : outcome,
  )
}
