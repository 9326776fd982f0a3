import type { Entity } from '../../entity/entity.ts'
import type { Image, Outbox } from '../store.ts'
import { compareVersions } from '../version.ts'
import { mirrored } from './bookkeeping.ts'
import { storeNow } from './clock.ts'
import type { MongoConnection } from './connection.ts'
import { isDuplicate } from './errors.ts'
import { isOvertaken } from './fence.ts'
import { nextAbove, restampDocument } from './restamp.ts'
import { keepTombstone, tombstoneCollection, tombstoneKey } from './tombstone.ts'

/** New ones in one command; the highest version is kept where there is one. */
async function keepTombstones(connection: MongoConnection, entity: Entity, tombstones: readonly Image[]) {
  const now = new Date(await storeNow(connection))
  const documents = tombstones.map(({ id, version }) => ({
    _id: tombstoneKey(entity, id),
    _cf: mirrored(version),
    pending: now,
    at: now,
    foreign: false,
  }))
  try {
    await tombstoneCollection(connection).insertMany(documents, { ordered: false })
  } catch (error) {
    if (!isDuplicate(error)) throw error
    await Promise.all(tombstones.map(({ id, version }) => keepTombstone(connection, entity, id, version, true)))
  }
}

/**
 * See `Authority.bury`. The tombstones come first, and the documents are looked at behind them: a put that inserts one
 * meanwhile either is seen then, or sees the tombstone before it is revealed. A program that was stopped in between leaves
 * an owed tombstone above its document, as a create that was cut off does: see `Outbox.clear`.
 */
export async function bury(
  connection: MongoConnection,
  { images }: Pick<Outbox, 'images'>,
  entity: Entity,
  tombstones: readonly Image[],
  under: number,
): Promise<boolean> {
  if (await isOvertaken(connection, entity, under)) return false
  await keepTombstones(connection, entity, tombstones)
  const versions = new Map(tombstones.map(({ id, version }) => [id, version]))
  for (const { id, version, record } of await images(entity, [...versions.keys()])) {
    const buried = versions.get(id)!
    if (record !== null && compareVersions(version, buried) <= 0)
      await restampDocument(connection, entity, id, version, nextAbove(version, buried))
  }
  return true
}
