import type { AnyBulkWriteOperation, ClientSession, Document } from 'mongodb'
import type { Entity, Id } from '../../entity/entity.ts'
import { CrossfadeError } from '../../util/errors.ts'
import type { Stamp } from '../store.ts'
import type { Version } from '../version.ts'
import { isPending, mirrored, versionOf } from './bookkeeping.ts'
import type { MongoConnection } from './connection.ts'
import { movedOn } from './hand-collection.ts'
import { idText } from './id-text.ts'
import type { StoredDocument, Tombstone } from './stored.ts'
import { graveOf, tombstoneCollection, tombstonesOf } from './tombstone.ts'

/** A record that a write by hand has touched. */
export interface Touched {
  readonly id: Id
  readonly raw: unknown
  /** As it was first found by this write; null where this write has made it. */
  readonly before: Document | null
}

/** A transaction of the session, whose other steps know what they have deleted. */
export interface Within {
  readonly connection: MongoConnection
  readonly session: ClientSession
  readonly gone: Map<string, Version>
}

/** What documents are left of those that were touched, by id. @throws MISCONFIGURED where one is of another type now. */
async function left(
  { connection, session }: Within,
  entity: Entity,
  touched: readonly Touched[],
): Promise<ReadonlySet<string>> {
  const options = { session, maxTimeMS: connection.maxTimeMs }
  const among: Document = { _id: { $in: touched.map(({ raw }) => raw) } }
  const few = { ...options, projection: { _id: 1 } }
  const own = await connection.collection(entity).find(among, few).toArray()
  const whole = connection.db.collection(entity.mongo)
  const all = entity.fixed.size === 0 ? own.length : await whole.countDocuments(among, options)
  if (all === own.length) return new Set(own.map(({ _id }) => idText(_id)))
  const text = `A write by hand of ${entity.name} has made a document of another type of it`
  throw new CrossfadeError('MISCONFIGURED', `${text}: delete the one, and create the other.`)
}

/** A record that is owed for longer stays so. */
function bookkeeping(before: Document | null, version: Version, owedSince: Date | null): Document {
  const since = before && isPending(before) ? before['_cf'].pending : owedSince
  return { ...mirrored(version), ...(since ? { pending: since } : {}) }
}

/**
 * Gives records the versions that follow on those that they had, or were deleted at, whatever became of their documents:
 * one that was replaced may have lost its own, one that was deleted leaves a tombstone.
 *
 * @throws TRY_AGAIN where what was deleted under an id is of a later epoch.
 */
export async function settleTouched(
  within: Within,
  entity: Entity,
  touched: readonly Touched[],
  { epoch, owed }: Stamp,
  now: number,
): Promise<void> {
  const { connection, session, gone } = within
  const there = await left(within, entity, touched)
  const ids = touched.map(({ id }) => id)
  const buried = await tombstonesOf(connection, entity, ids, session)
  const stamps: AnyBulkWriteOperation<StoredDocument>[] = []
  const graves: AnyBulkWriteOperation<Tombstone>[] = []
  for (const { id, raw, before } of touched) {
    const key = `${entity.name}/${id}`
    const known = [before && versionOf(before), buried.get(id)?.version, gone.get(key)]
    const earlier = known.flatMap((version) => version ?? [])
    if (earlier.some((version) => version.epoch > epoch)) throw movedOn(entity)
    const version = { epoch, counter: Math.max(now, ...earlier.map(({ counter }) => counter + 1)) }
    if (there.has(idText(raw))) {
      const _cf = bookkeeping(before, version, owed ? new Date(now) : null)
      stamps.push({ updateOne: { filter: { _id: raw } as Document, update: { $set: { _cf } } } })
    } else if (before) {
      gone.set(key, version)
      // Without a mirror nobody puts a record back, and no tombstone is needed
      if (owed) graves.push({ updateOne: { ...graveOf(entity, id, version, now), upsert: true } })
    }
  }
  const options = { session, maxTimeMS: connection.maxTimeMs }
  if (stamps.length > 0) await connection.collection(entity).bulkWrite(stamps, options)
  if (graves.length > 0) await tombstoneCollection(connection).bulkWrite(graves, options)
}
