import type { Collection, Document } from 'mongodb'
import { Refused } from '../../codec/refused.ts'
import type { Entity, Id } from '../../entity/entity.ts'
import { type Backlog, type Cleared, type Image, type Outbox, owesNothing } from '../store.ts'
import { compareVersions } from '../version.ts'
import { allOf } from './all-of.ts'
import { settleIfArriving } from './arriving.ts'
import { atVersion, isArriving, isDeleted, isPending, versionOf } from './bookkeeping.ts'
import { storeNow } from './clock.ts'
import { decodeId } from './codec/decode.ts'
import { encodeId } from './codec/encode.ts'
import type { MongoConnection } from './connection.ts'
import { ofType } from './documents-of.ts'
import { readDocuments } from './read-documents.ts'
import { nextAbove, restampDocument } from './restamp.ts'
import { imageOf } from './scan.ts'
import { finishDelete, tombstoneCollection, tombstoneImage, tombstoneKey, tombstonesOf } from './tombstone.ts'

const majority = { readConcern: { level: 'majority' } } as const

/** Leaves out documents by id. */
const but = (ids: readonly unknown[]): Document => (ids.length === 0 ? {} : { _id: { $nin: ids } })

const isOwed: Document = { $type: 'date' }

/** Marks are `_cf.pending` in documents and `pending` in tombstones. */
export function mongoOutbox(connection: MongoConnection): Outbox {
  const tombstones = tombstoneCollection(connection)

  /**
   * A record that was created again owes what its tombstone owed: with its mark goes the tombstone's. Where a create was
   * cut off before it could see that it is below one, it goes above.
   */
  async function clearTombstones(entity: Entity, live: readonly Cleared[]): Promise<void> {
    const ids = live.map(({ id }) => id)
    const found = await tombstonesOf(connection, entity, ids)
    for (const { id, version } of live) {
      const tombstone = found.get(id)
      if (!tombstone?.pending) continue
      if (compareVersions(tombstone.version, version) > 0) {
        await restampDocument(connection, entity, id, version, nextAbove(version, tombstone.version))
        continue
      }
      const filter = allOf({ _id: tombstoneKey(entity, id) }, atVersion(tombstone.version))
      await tombstones.updateOne(filter, { $set: { pending: null } })
    }
  }

  async function backlogs(entities: readonly Entity[]): Promise<ReadonlyMap<string, Backlog>> {
    const summed = (type: unknown, pending: string): Document => ({
      $group: { _id: type, count: { $sum: 1 }, oldest: { $min: `$${pending}` } },
    })
    const dead = { '_id.entity': { $in: entities.map(({ name }) => name) }, pending: isOwed }
    const alive = entities.map((entity) => ({
      $unionWith: {
        coll: entity.mongo,
        pipeline: [
          { $match: { ...ofType(entity), '_cf.pending': isOwed } },
          summed({ $literal: entity.name }, '_cf.pending'),
        ],
      },
    }))
    const ofAll = { $group: { _id: '$_id', count: { $sum: '$count' }, oldest: { $min: '$oldest' } } }
    const age = { $dateDiff: { startDate: '$oldest', endDate: '$$NOW', unit: 'millisecond' } }
    const found = await tombstones
      .aggregate<{ _id: string; count: number; oldest: Date; ms: number }>([
        { $match: dead },
        summed('$_id.entity', 'pending'),
        ...alive,
        ofAll,
        { $set: { ms: age } },
      ])
      .toArray()
    return new Map(
      found.map(({ _id, count, oldest, ms }) => [_id, { count, oldest, oldestMs: Math.max(0, Number(ms)) }]),
    )
  }

  return {
    async owed(entity, olderThanMs, limit, without = []) {
      const age = olderThanMs > 0 ? { ...isOwed, $lte: new Date((await storeNow(connection)) - olderThanMs) } : isOwed
      const sorted = { ...majority, limit, projection: { _id: 1 } } as const
      const documents = connection
        .collection(entity)
        .find(
          { '_cf.pending': age, ...but(without.map((id) => encodeId(entity, id))) },
          {
            ...sorted,
            sort: { '_cf.pending': 1 },
          },
        )
        .toArray()
      const dead = tombstones
        .find(
          {
            '_id.entity': entity.name,
            pending: age,
            ...but(without.map((id) => tombstoneKey(entity, id))),
          },
          { ...sorted, sort: { pending: 1 } },
        )
        .toArray()
      const [living, gone] = await Promise.all([documents, dead])
      const raw = [...living.map((document) => document['_id']), ...gone.map((tombstone) => tombstone._id.id)]
      const ids = raw.map((id) => decodeId(entity, id)).filter((id): id is Id => !(id instanceof Refused))
      return [...new Set(ids)]
    },

    async images(entity, ids) {
      const among = { _id: { $in: ids.map((id) => encodeId(entity, id)) } }
      const read = () => readDocuments((more) => connection.collection(entity).find(among, { ...majority, ...more }))
      let documents = await read()
      if (documents.some(isArriving)) {
        for (const document of documents) await settleIfArriving(connection, entity, document)
        documents = await read()
      }
      const images = new Map<Id, Image>()
      for (const document of documents) {
        const id = decodeId(entity, document['_id'])
        if (id instanceof Refused || isArriving(document)) continue
        if (isDeleted(document)) {
          const version = versionOf(document)
          const pending = isPending(document)
          // A delete that was cut off after its mark goes on from here; of one that is not owed see `settleHidden`
          if (pending) await finishDelete(connection, entity, id, version, version)
          images.set(id, tombstoneImage(id, version, pending))
        } else images.set(id, imageOf(entity, id, document))
      }
      const gone = ids.filter((id) => !images.has(id))
      for (const [id, { version, pending }] of await tombstonesOf(connection, entity, gone)) {
        images.set(id, tombstoneImage(id, version, pending))
      }
      return [...images.values()]
    },

    async clear(entity, cleared) {
      const live = cleared.filter(({ deleted }) => !deleted)
      const dead = cleared.filter(({ deleted }) => deleted)
      if (live.length > 0) {
        const clear = live.map(({ id, version }) => ({
          updateOne: {
            filter: allOf({ _id: encodeId(entity, id) }, atVersion(version)),
            update: { $unset: { '_cf.pending': '' } },
          },
        }))
        await connection.collection(entity).bulkWrite(clear, { ordered: false })
        await clearTombstones(entity, live)
      }
      if (dead.length > 0) {
        const clear = dead.map(({ id, version }) => ({
          updateOne: {
            filter: allOf({ _id: tombstoneKey(entity, id) }, atVersion(version)),
            update: { $set: { pending: null } },
          },
        }))
        await tombstones.bulkWrite(clear, { ordered: false })
      }
    },

    backlog: async (entity) => (await backlogs([entity])).get(entity.name) ?? owesNothing,
    backlogs,

    async owedFor(entity, ids) {
      // Not at `majority`, which sees a mark later than other reads see the write that made it
      const among = async (
        of: Pick<Collection, 'aggregate'>,
        pending: string,
        keys: readonly unknown[],
      ): Promise<Document[]> =>
        of
          .aggregate([
            { $match: { _id: { $in: keys }, [pending]: { $type: 'date' } } },
            { $project: { ms: { $dateDiff: { startDate: `$${pending}`, endDate: '$$NOW', unit: 'millisecond' } } } },
          ])
          .toArray()
      const [documents, dead] = await Promise.all([
        among(
          connection.collection(entity),
          '_cf.pending',
          ids.map((id) => encodeId(entity, id)),
        ),
        among(
          tombstones,
          'pending',
          ids.map((id) => tombstoneKey(entity, id)),
        ),
      ])
      const owed = new Map<Id, number>()
      for (const [raw, ms] of [
        ...dead.map((tombstone) => [tombstone._id.id, tombstone['ms']] as const),
        ...documents.map((document) => [document['_id'], document['ms']] as const),
      ]) {
        const id = decodeId(entity, raw)
        if (!(id instanceof Refused)) owed.set(id, Math.max(Number(ms), owed.get(id) ?? 0))
      }
      return owed
    },

    buriedAt: async (entity, id) => (await tombstonesOf(connection, entity, [id])).get(id)?.version ?? null,

    async expireTombstones(entity, olderThanMs, limit) {
      const old = {
        '_id.entity': entity.name,
        pending: null,
        at: { $lt: new Date((await storeNow(connection)) - olderThanMs) },
      }
      const found = await tombstones.find(old, { limit, projection: { _id: 1 } }).toArray()
      // One that was written meanwhile is young, or owed
      const { deletedCount } = await tombstones.deleteMany({ ...old, _id: { $in: found.map(({ _id }) => _id) } })
      return deletedCount
    },
  }
}
