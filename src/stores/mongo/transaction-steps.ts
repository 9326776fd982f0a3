import { type ClientSession, type Document, Long } from 'mongodb'
import { Refused } from '../../codec/refused.ts'
import type { Entity, Id, Rec } from '../../entity/entity.ts'
import { CrossfadeError } from '../../util/errors.ts'
import { Conflict, refusedRecord } from '../failure.ts'
import type { Guard, Image, Stamp, Steps } from '../store.ts'
import type { Version } from '../version.ts'
import { allOf } from './all-of.ts'
import {
  alive,
  atVersion,
  bump,
  isArriving,
  isDeleted,
  isHidden,
  mirrored,
  notNewerThan,
  touched,
  versionOf,
} from './bookkeeping.ts'
import { byHandIn } from './by-hand.ts'
import { decodeId } from './codec/decode.ts'
import { encodeId, encodeNodes, isTooLarge, tooLarge } from './codec/encode.ts'
import type { MongoConnection } from './connection.ts'
import { isDuplicate, writeError } from './errors.ts'
import { guardedChanges, guardOf } from './guarded-changes.ts'
import { patchStages } from './patch-stages.ts'
import { readDocuments } from './read-documents.ts'
import type { NextId } from './repeated-ids.ts'
import { imageOf } from './scan.ts'
import { settleHidden, settleHolders } from './settle-hidden.ts'
import { graveOf, tombstoneCollection, tombstoneImage, tombstonesOf } from './tombstone.ts'

const movedOn = (entity: Entity): CrossfadeError =>
  new CrossfadeError('TRY_AGAIN', `${entity.name} has moved on; try again.`)

const heldUnseen = (entity: Entity): CrossfadeError =>
  new CrossfadeError('TRY_AGAIN', `A ${entity.name} that is gone held a value of this one; try again.`)

/**
 * The steps of a transaction of the session. What a server refuses ends its transaction, so that each step looks before
 * it writes. A tombstone and the delete that it is of are one.
 *
 * @param clock the same time for each step, however often it is run: so are the versions then.
 * @param nextId the same ids likewise.
 */
export function transactionSteps(
  connection: MongoConnection,
  session: ClientSession,
  clock: () => Promise<number>,
  nextId: NextId,
): Steps {
  const options = { session, maxTimeMS: connection.maxTimeMs }
  const { change, checkEpoch } = guardedChanges(connection, session)
  /** What this transaction has deleted: without a mirror there is no tombstone that tells. */
  const gone = new Map<string, Version>()
  const tombstoneOf = async (entity: Entity, id: Id): Promise<Version | undefined> =>
    (await tombstonesOf(connection, entity, [id], session)).get(id)?.version

  /** Nothing of a transaction stands before its commit, whatever was sent. */
  async function step<T>(entity: Entity, { owed }: Stamp, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (isDuplicate(error) && (await settleHolders(connection, entity, error, owed)) > 0) throw heldUnseen(entity)
      throw writeError(entity, error, 0)
    }
  }

  async function create(entity: Entity, record: Rec, stamp: Stamp, isMade = false): Promise<Image> {
    const { id } = record
    const document: Document = { _id: encodeId(entity, id), ...encodeNodes(entity.nodes, record) }
    if (isTooLarge(document)) throw refusedRecord(tooLarge)
    const collection = connection.collection(entity)
    const { _id, ...members } = document
    const marked = isMade ? null : await collection.findOne({ _id }, { ...options, projection: { _cf: 1 } })
    if (marked && isArriving(marked)) {
      await settleHidden(connection, entity, [marked], stamp.owed)
      throw heldUnseen(entity)
    }
    if (marked && !isDeleted(marked)) throw new Conflict(['id'])
    const earlier = isMade ? [] : [await tombstoneOf(entity, id), marked && versionOf(marked)]
    const before = [...earlier, gone.get(`${entity.name}/${id}`)].flatMap((version) => version ?? [])
    if (before.some(({ epoch }) => epoch > stamp.epoch)) throw movedOn(entity)
    const now = await clock()
    const version = { epoch: stamp.epoch, counter: Math.max(now, ...before.map(({ counter }) => counter + 1)) }
    const _cf = { ...mirrored(version), ...(stamp.owed ? { pending: new Date(now) } : {}) }
    // It keeps its own id, which may be a number of another type
    if (marked) await collection.replaceOne(allOf({ _id }, atVersion(versionOf(marked))), { ...members, _cf }, options)
    else await collection.insertOne({ ...document, _cf }, options)
    return { id, version, pending: stamp.owed, record, rest: null, issues: [] }
  }

  async function remove(entity: Entity, id: Id, stamp: Stamp, guard: Guard = {}): Promise<Image | null> {
    const filter = allOf({ _id: encodeId(entity, id) }, alive, notNewerThan(stamp.epoch), guardOf(entity, guard))
    const found = await connection.collection(entity).findOneAndDelete(filter, { ...options, projection: { _cf: 1 } })
    if (!found) {
      await checkEpoch(entity, id, stamp)
      return null
    }
    const now = await clock()
    const { counter } = versionOf(found)
    const earlier = await tombstoneOf(entity, id)
    const above = Math.max(counter > 0 ? counter + 1 : now, (earlier?.counter ?? 0) + 1)
    const version = { epoch: stamp.epoch, counter: above }
    gone.set(`${entity.name}/${id}`, version)
    // Without a mirror nobody puts a record back, and no tombstone is needed
    if (stamp.owed) {
      const { filter, update } = graveOf(entity, id, version, now)
      await tombstoneCollection(connection).updateOne(filter, update, { ...options, upsert: true })
    }
    return tombstoneImage(id, version, stamp.owed)
  }

  async function images(entity: Entity, ids: readonly Id[]): Promise<Image[]> {
    const among = { _id: { $in: ids.map((id) => encodeId(entity, id)) } }
    const documents = await readDocuments((more) => connection.collection(entity).find(among, { ...options, ...more }))
    const found = documents.flatMap((document): Image[] => {
      const id = decodeId(entity, document['_id'])
      return id instanceof Refused || isHidden(document) ? [] : [imageOf(entity, id, document)]
    })
    const there = new Set(found.map(({ id }) => id))
    const missing = ids.filter((id) => !there.has(id))
    const dead = missing.length > 0 ? await tombstonesOf(connection, entity, missing, session) : []
    return [...found, ...[...dead].map(([id, { version, pending }]) => tombstoneImage(id, version, pending))]
  }

  return {
    isAtomic: true,
    images,
    create: (entity, record, stamp, ...more) => step(entity, stamp, () => create(entity, record, stamp, ...more)),
    delete: (entity, id, stamp, ...more) => step(entity, stamp, () => remove(entity, id, stamp, ...more)),
    patch: (entity, id, patch, stamp, guard = {}) =>
      step(entity, stamp, async () => {
        const next = bump(stamp, {}, Long.fromNumber(await clock()))
        return change(entity, id, patchStages(entity, patch, next, touched), stamp, guardOf(entity, guard))
      }),
    byHand: (...args) => byHandIn({ connection, session, clock, nextId, gone, images, step }, ...args),
  }
}
