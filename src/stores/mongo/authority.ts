import type { Document } from 'mongodb'
import type { Entity, Id, Rec } from '../../entity/entity.ts'
import type { Patch } from '../../query/patch.ts'
import { CrossfadeError } from '../../util/errors.ts'
import { refusedRecord } from '../failure.ts'
import type { Authority, Guard, Image, RecordWrites, Stamp, Steps } from '../store.ts'
import { compareVersions } from '../version.ts'
import { allOf } from './all-of.ts'
import { settleArriving } from './arriving.ts'
import { alive, atVersion, bump, isBelow, mirrored, notNewerThan, object, owedSince } from './bookkeeping.ts'
import { bury } from './bury.ts'
import { byHandAlone } from './by-hand-alone.ts'
import { storeNow } from './clock.ts'
import { encodeId, encodeNodes, isTooLarge, tooLarge } from './codec/encode.ts'
import type { MongoConnection } from './connection.ts'
import { isDuplicate } from './errors.ts'
import { guardedChanges, guardOf } from './guarded-changes.ts'
import { idText, idTextOf } from './id-text.ts'
import { mongoOutbox } from './outbox.ts'
import { patchStages } from './patch-stages.ts'
import { nextAbove, restampDocument } from './restamp.ts'
import { imageOf } from './scan.ts'
import { answered, countSent } from './sent.ts'
import { settleHidden, settleHolders } from './settle-hidden.ts'
import { together } from './together.ts'
import { finishDelete, oweTombstones, restampTombstone, tombstoneImage, tombstonesOf } from './tombstone.ts'

/** Deletes that are finished in one go. */
const batch = 100

/** @param connection is used by nobody else before: what it sends is counted from its first connection on. */
export function mongoAuthority(connection: MongoConnection): Authority {
  countSent(connection.client)
  const options = { maxTimeMS: connection.maxTimeMs }
  const { changed, change } = guardedChanges(connection)

  /** A marked id that is created again is taken over, so that its version goes on growing. */
  async function takeOver(entity: Entity, id: Id, document: Document, stamp: Stamp): Promise<Document | null> {
    const filter = allOf({ _id: encodeId(entity, id), '_cf.deleted': true }, notNewerThan(stamp.epoch))
    // Its own id may be a number of another type, and may not change
    const fresh = { $mergeObjects: [{ $literal: document }, { _id: '$_id', _cf: bump(stamp) }] }
    const stages = [{ $replaceWith: fresh }, { $unset: '_cf.deleted' }]
    return changed(entity, filter, stages)
  }

  /**
   * What was deleted under the id is above the record where clocks differ, or where others have created and deleted it at
   * the same moment: the mirror would take it for older. Looked at behind the insert, so that nothing can come between,
   * and whoever was stopped before has not lost the right to write since.
   */
  async function aboveTombstone(entity: Entity, image: Image, stamp: Stamp): Promise<Image> {
    const { id, version } = image
    const tombstone = (await tombstonesOf(connection, entity, [id])).get(id)?.version
    if (!tombstone || compareVersions(tombstone, version) < 0) return image
    const _id = encodeId(entity, id)
    if (tombstone.epoch > stamp.epoch) {
      const { deletedCount } = await connection.collection(entity).deleteOne(allOf({ _id }, atVersion(version)))
      if (deletedCount === 0) return image // others have made something of it, and what they made is above
      throw new CrossfadeError('TRY_AGAIN', `${entity.name} has moved on; try again.`)
    }
    const above = { epoch: version.epoch, counter: tombstone.counter + 1 }
    const raised = { $mergeObjects: ['$_cf', mirrored(above)] }
    const raise = { $set: { _cf: { $cond: [isBelow(above), raised, '$_cf'] } } } // others may have changed it
    const document = await changed(entity, allOf({ _id }, alive), [raise])
    return document ? imageOf(entity, id, document) : image
  }

  async function create(entity: Entity, record: Rec, stamp: Stamp, isMade: boolean): Promise<Image> {
    const { id } = record
    const now = await storeNow(connection)
    const document: Document = { _id: encodeId(entity, id), ...encodeNodes(entity.nodes, record) }
    if (isTooLarge(document)) throw refusedRecord(tooLarge)
    const version = { epoch: stamp.epoch, counter: now }
    const _cf = { ...mirrored(version), ...(stamp.owed ? { pending: new Date(now) } : {}) }
    stamp.check?.()
    try {
      await connection.collection(entity).insertOne({ ...document, _cf }, options)
    } catch (error) {
      if (!isDuplicate(error)) throw error
      stamp.check?.()
      const taken = await takeOver(entity, id, document, stamp)
      if (!taken) throw error
      return imageOf(entity, id, taken)
    }
    const image: Image = { id, version, pending: stamp.owed, record, rest: null, issues: [] }
    return isMade ? image : aboveTombstone(entity, image, stamp)
  }

  async function remove(entity: Entity, id: Id, stamp: Stamp, guard: Guard = {}): Promise<Image | null> {
    const mark = [{ $set: { _cf: bump(stamp, { deleted: true }) } }]
    const marked = await change(entity, id, mark, stamp, guardOf(entity, guard))
    if (!marked) return null
    // The mark is the acknowledgement; where the rest fails, the sweep resumes it.
    await finishDelete(connection, entity, id, marked.version, stamp.owed ? marked.version : null).catch(
      () => undefined,
    )
    return tombstoneImage(id, marked.version, stamp.owed)
  }

  /** An id or a unique value may be held by a document that nobody sees: once that is settled, the write is tried again. */
  async function pastHidden<T>(entity: Entity, stamp: Stamp, write: () => Promise<T>): Promise<T> {
    try {
      return await write()
    } catch (error) {
      if (!isDuplicate(error) || (await settleHolders(connection, entity, error, stamp.owed)) === 0) throw error
      stamp.check?.()
      return write()
    }
  }

  const writes: RecordWrites = {
    create: (entity, record, stamp, isMade = false) =>
      answered(entity, () => pastHidden(entity, stamp, () => create(entity, record, stamp, isMade))),
    delete: (entity, ...args) => answered(entity, () => remove(entity, ...args)),

    patch(entity: Entity, id: Id, patch: Patch, stamp: Stamp, guard: Guard = {}) {
      const stages = patchStages(entity, patch, bump(stamp))
      const guarded = guardOf(entity, guard)
      return answered(entity, () => pastHidden(entity, stamp, () => change(entity, id, stages, stamp, guarded)))
    },
  }

  const { images } = mongoOutbox(connection)
  const alone: Omit<Steps, 'isAtomic'> = {
    ...writes,
    images,
    byHand: (...args) => byHandAlone(connection, { images }, ...args),
  }

  return {
    ...writes,
    images,
    together: (work, mayCommit) => together(connection, alone, work, mayCommit),

    async owe(entity, ids) {
      const among = allOf({ _id: { $in: ids.map((id) => encodeId(entity, id)) } }, alive)
      const stages = [{ $set: { _cf: { $mergeObjects: [object, { pending: owedSince }] } } }]
      await connection
        .collection(entity)
        .updateMany(allOf(among, { '_cf.pending': { $not: { $type: 'date' } } }), stages)
      const there = await connection
        .collection(entity)
        .find(among, { projection: { _id: 1 } })
        .toArray()
      const living = new Set(there.map(({ _id }) => idText(_id)))
      const gone = ids.filter((id) => !living.has(idTextOf(entity, id)))
      if (gone.length > 0) await oweTombstones(connection, entity, gone)
    },

    bury: (entity, tombstones, under) => bury(connection, mongoOutbox(connection), entity, tombstones, under),

    async settleHidden(entity, isMirrored) {
      const few = { projection: { _id: 1, _cf: 1 }, limit: batch, readConcern: { level: 'majority' } } as const
      const marked = await connection.collection(entity).find({ '_cf.deleted': true }, few).toArray()
      // A put that came when authority had moved here already
      const arriving = await settleArriving(connection, entity, 0)
      return (await settleHidden(connection, entity, marked, isMirrored)) + arriving
    },

    async restamp(entity, id, version, above) {
      const next = nextAbove(version, above)
      return (
        (await restampDocument(connection, entity, id, version, next)) ||
        restampTombstone(connection, entity, id, version, next)
      )
    },
  }
}
