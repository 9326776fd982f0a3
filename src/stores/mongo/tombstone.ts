import type { ClientSession, Collection } from 'mongodb'
import type { Entity, Id } from '../../entity/entity.ts'
import type { Image } from '../store.ts'
import { compareVersions, type Version } from '../version.ts'
import { allOf } from './all-of.ts'
import { atVersion, isBelow, mirrored, versionOf } from './bookkeeping.ts'
import { storeNow } from './clock.ts'
import { encodeId } from './codec/encode.ts'
import { type MongoConnection, tombstones } from './connection.ts'
import { isDuplicate } from './errors.ts'
import { idText, idTextOf } from './id-text.ts'
import type { Tombstone } from './stored.ts'

export function tombstoneKey(entity: Entity, id: Id): Tombstone['_id'] {
  return { entity: entity.name, id: encodeId(entity, id) }
}

export function tombstoneCollection(connection: MongoConnection): Collection<Tombstone> {
  return connection.db.collection(tombstones)
}

/**
 * Keeps the highest version that was deleted under this id.
 *
 * @param foreign whether another program has deleted it.
 * @returns false where an equal or newer tombstone is there.
 */
export async function keepTombstone(
  connection: MongoConnection,
  entity: Entity,
  id: Id,
  version: Version,
  pending: boolean,
  foreign = false,
): Promise<boolean> {
  const now = new Date(await storeNow(connection))
  const kept = { _cf: mirrored(version), pending: pending ? now : null, at: now, foreign }
  // The update decides, and not the filter: see `atVersion`
  const isWanted = { $or: [{ $eq: [{ $type: '$_cf' }, 'missing'] }, isBelow(version)] }
  const set = Object.fromEntries(
    Object.entries(kept).map(([path, value]) => [path, { $cond: [isWanted, value, `$${path}`] }]),
  )
  const options = { upsert: true, returnDocument: 'before', projection: { _cf: 1 } } as const
  const keep = () =>
    tombstoneCollection(connection).findOneAndUpdate({ _id: tombstoneKey(entity, id) }, [{ $set: set }], options)
  const before = await keep().catch((error: unknown) => {
    if (isDuplicate(error)) return keep() // another has inserted one at the same moment
    throw error
  })
  return !before?._cf || compareVersions(versionOf(before), version) < 0
}

/** Writes a tombstone, owed, in the transaction of the delete that it is of. */
export const graveOf = (entity: Entity, id: Id, version: Version, now: number) => ({
  filter: { _id: tombstoneKey(entity, id) },
  update: { $set: { _cf: mirrored(version), pending: new Date(now), at: new Date(now), foreign: false } },
})

/** Gives a tombstone another version and keeps it owed, where it is still at the one given. */
export async function restampTombstone(
  connection: MongoConnection,
  entity: Entity,
  id: Id,
  version: Version,
  next: Version,
): Promise<boolean> {
  const filter = allOf({ _id: tombstoneKey(entity, id) }, atVersion(version))
  const change = { $set: { _cf: mirrored(next), pending: new Date(await storeNow(connection)) } }
  return (await tombstoneCollection(connection).updateOne(filter, change)).matchedCount === 1
}

/** Keeps those tombstones owed that exist, at the version that they have. */
export async function oweTombstones(connection: MongoConnection, entity: Entity, ids: readonly Id[]): Promise<void> {
  const among = { _id: { $in: ids.map((id) => tombstoneKey(entity, id)) }, pending: null }
  await tombstoneCollection(connection).updateMany(among, { $set: { pending: new Date(await storeNow(connection)) } })
}

/** A tombstone, as far as it matters to its type. */
export interface Buried extends Pick<Tombstone, 'foreign'> {
  readonly version: Version
  readonly pending: boolean
}

/** The tombstones that exist, by id in record form. @param session of a transaction, whose own it sees. */
export async function tombstonesOf(
  connection: MongoConnection,
  entity: Entity,
  ids: readonly Id[],
  session?: ClientSession,
): Promise<Map<Id, Buried>> {
  const keys = ids.map((id) => tombstoneKey(entity, id))
  const found = await tombstoneCollection(connection)
    .find({ _id: { $in: keys } }, session ? { session } : { readConcern: { level: 'majority' } })
    .toArray()
  const byKey = new Map(found.map((tombstone) => [idText(tombstone._id.id), tombstone]))
  const result = new Map<Id, Buried>()
  for (const id of ids) {
    const tombstone = byKey.get(idTextOf(entity, id))
    if (!tombstone) continue
    const { pending, foreign } = tombstone
    result.set(id, { version: versionOf(tombstone), pending: pending instanceof Date, foreign: foreign === true })
  }
  return result
}

/**
 * The steps after a document was marked deleted: a tombstone, then the document goes, if unchanged.
 *
 * @param version at which it was marked.
 * @param buriedAt the tombstone's version; null without a mirror: nobody puts a record back, and none is needed.
 */
export async function finishDelete(
  connection: MongoConnection,
  entity: Entity,
  id: Id,
  version: Version,
  buriedAt: Version | null,
): Promise<void> {
  if (buriedAt) await keepTombstone(connection, entity, id, buriedAt, true)
  await connection
    .collection(entity)
    .deleteOne(allOf({ _id: encodeId(entity, id), '_cf.deleted': true }, atVersion(version)))
}

export function tombstoneImage(id: Id, version: Version, pending: boolean): Image {
  return { id, version, pending, record: null, rest: null, issues: [] }
}

/** True where the tombstone forbids a put of this version. */
export function forbids(tombstone: { version: Version } | undefined, version: Version): boolean {
  return tombstone !== undefined && compareVersions(tombstone.version, version) >= 0
}
