import { type Long, ObjectId, type WithId } from 'mongodb'
import type { AgedEntry, Entry, Ledger, Logged } from '../ledger.ts'
import { ledgerClaims, ledgerEntries, ledgerLogs, type MongoConnection } from './connection.ts'
import { isDuplicate } from './errors.ts'

/** Values are kept as JSON text, so that no key of theirs can act as an operator or path. */
interface StoredEntry {
  readonly _id: string
  readonly kind: string
  readonly key: string
  readonly revision: number
  readonly value: string
  readonly at: Date
}

interface StoredClaim {
  readonly _id: string
  readonly owner: string
  readonly until: Date
}

interface StoredLog {
  readonly log: string
  readonly key: string
  readonly at: Date
  readonly value: string
}

export const entryId = (kind: string, key: string): string => `${kind}/${key}`

const toEntry = ({ key, revision, value }: StoredEntry): Entry => ({ key, revision, value: JSON.parse(value) })

const toLogged = ({ key, at, value }: StoredLog): Logged => ({ key, at, value: JSON.parse(value) })

/** The revision of no entry: an upsert that looks for it makes an entry, or meets the one that is there. */
const none = 0

export function mongoLedger(connection: MongoConnection): Ledger {
  const entries = connection.db.collection<StoredEntry>(ledgerEntries)
  const claims = connection.db.collection<StoredClaim>(ledgerClaims)
  const logs = connection.db.collection<StoredLog>(ledgerLogs)
  const options = { maxTimeMS: connection.maxTimeMs, readConcern: { level: 'majority' } } as const

  return {
    async get(kind, key) {
      const found = await entries.findOne({ _id: entryId(kind, key) }, options)
      return found ? toEntry(found) : null
    },

    async list(...kinds) {
      const age = { $dateDiff: { startDate: '$at', endDate: '$$NOW', unit: 'millisecond' } }
      const found = await entries
        .aggregate<StoredEntry & { readonly age: number | Long }>(
          [{ $match: { kind: { $in: kinds } } }, { $sort: { _id: 1 } }, { $set: { age } }],
          options,
        )
        .toArray()
      return found.map((each): AgedEntry => ({ ...toEntry(each), kind: each.kind, ageMs: Number(each.age) }))
    },

    async compareAndSet(kind, key, revision, value) {
      // As a pipeline, which knows the server's clock; a text could be taken for a path there
      const body = {
        kind: { $literal: kind },
        key: { $literal: key },
        value: { $literal: JSON.stringify(value) },
        revision: (revision ?? 0) + 1,
        at: '$$NOW',
      }
      try {
        const result = await entries.updateOne(
          { _id: entryId(kind, key), revision: revision ?? none },
          [{ $set: body }],
          {
            upsert: revision === null,
          },
        )
        return revision === null || result.matchedCount === 1
      } catch (error) {
        if (isDuplicate(error)) return false
        throw error
      }
    },

    async remove(kind, key, revision) {
      const _id = entryId(kind, key)
      await entries.deleteOne(revision === undefined ? { _id } : { _id, revision })
    },

    async claim(key, owner, ms) {
      // The update decides and not the filter, since an upsert's filter can't ask for the server's clock ($expr).
      // Stand-in (SecantusDB): as milliseconds, since it finds no stored date before or after $$NOW
      const over = { $lt: [{ $ifNull: [{ $toLong: '$until' }, 0] }, { $toLong: '$$NOW' }] }
      const free = { $or: [{ $eq: ['$owner', owner] }, over] }
      const until = { $cond: [free, { $add: ['$$NOW', ms] }, '$until'] }
      try {
        const taken = await claims.findOneAndUpdate(
          { _id: key },
          [{ $set: { owner: { $cond: [free, owner, '$owner'] }, until } }],
          { upsert: true, returnDocument: 'after' },
        )
        return taken?.owner === owner
      } catch (error) {
        if (isDuplicate(error)) return false // another made the claim at the same moment
        throw error
      }
    },

    async release(key, owner) {
      await claims.deleteOne({ _id: key, owner })
    },

    async append(log, key, value) {
      await logs.insertOne({ log, key, at: new Date(), value: JSON.stringify(value) })
    },

    async tail(log, limit, key) {
      const filter = key === undefined ? { log } : { log, key }
      const found = await logs.find(filter, { ...options, sort: { at: -1, _id: -1 }, limit }).toArray()
      return found.map(toLogged)
    },

    async lines(log, beginning, limit, before) {
      const filter = { log, key: { $gte: beginning, $lt: `${beginning}\u{10ffff}` } }
      const last = before && { at: before.at, _id: new ObjectId(before.line) }
      const older = last && { at: { $lte: last.at }, $or: [{ at: { $lt: last.at } }, { _id: { $lt: last._id } }] }
      const found = await logs
        .find<Omit<WithId<StoredLog>, 'log' | 'value'>>(
          { ...filter, ...older },
          // What the index has: documents hold the values, and are not looked at
          { ...options, sort: { at: -1, _id: -1 }, limit, projection: { key: 1, at: 1 } },
        )
        .toArray()
      return found.map(({ _id, key, at }) => ({ line: _id.toHexString(), key, at }))
    },

    async line(log, line) {
      const found = await logs.findOne({ _id: new ObjectId(line), log }, options)
      return found && toLogged(found)
    },

    async lengths(log, except) {
      const lines = except.filter((each) => ObjectId.isValid(each)).map((each) => new ObjectId(each))
      const first = { $arrayElemAt: [{ $split: ['$key', '/'] }, 0] }
      const found = await logs
        .aggregate<{ readonly _id: string; readonly n: number }>(
          [{ $match: { log, _id: { $nin: lines } } }, { $group: { _id: first, n: { $sum: 1 } } }],
          options,
        )
        .toArray()
      return new Map(found.map(({ _id, n }) => [_id, n]))
    },

    length: (log, key) => logs.countDocuments(key === undefined ? { log } : { log, key }),

    async expire(log, olderThanMs, limit) {
      const old = { log, at: { $lt: new Date(Date.now() - olderThanMs) } } // by hosts' clocks, as they were written
      const found = await logs.find(old, { ...options, sort: { at: 1 }, limit, projection: { _id: 1 } }).toArray()
      if (found.length === 0) return 0
      return (await logs.deleteMany({ _id: { $in: found.map(({ _id }) => _id) } })).deletedCount
    },

    forget: async (log, key) => (await logs.deleteMany({ log, key })).deletedCount,
  }
}
