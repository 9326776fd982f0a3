import type { Entry, Ledger } from '../ledger.ts'
import { ledgerClaims, ledgerEntries, ledgerLogs, type MongoConnection } from './connection.ts'
import { isDuplicate } from './errors.ts'

/** Values are kept as JSON text, so that no key of theirs can act as an operator or path. */
interface StoredEntry {
  readonly _id: string
  readonly kind: string
  readonly key: string
  readonly revision: number
  readonly value: string
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

const toEntry = ({ key, revision, value }: StoredEntry): Entry => ({ key, revision, value: JSON.parse(value) })

export function mongoLedger(connection: MongoConnection): Ledger {
  const entries = connection.db.collection<StoredEntry>(ledgerEntries)
  const claims = connection.db.collection<StoredClaim>(ledgerClaims)
  const logs = connection.db.collection<StoredLog>(ledgerLogs)
  const options = { maxTimeMS: connection.maxTimeMs, readConcern: { level: 'majority' } } as const
  const keyOf = (kind: string, key: string): string => `${kind}/${key}`

  return {
    async get(kind, key) {
      const found = await entries.findOne({ _id: keyOf(kind, key) }, options)
      return found ? toEntry(found) : null
    },

    async list(kind) {
      return (await entries.find({ kind }, { ...options, sort: { _id: 1 } }).toArray()).map(toEntry)
    },

    async compareAndSet(kind, key, revision, value) {
      const body = { kind, key, value: JSON.stringify(value), revision: (revision ?? 0) + 1 }
      if (revision !== null) {
        const result = await entries.updateOne({ _id: keyOf(kind, key), revision }, { $set: body })
        return result.matchedCount === 1
      }
      try {
        await entries.insertOne({ _id: keyOf(kind, key), ...body })
        return true
      } catch (error) {
        if (isDuplicate(error)) return false
        throw error
      }
    },

    async remove(kind, key) {
      await entries.deleteOne({ _id: keyOf(kind, key) })
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
      return found.map(({ key: of, at, value }) => ({ key: of, at, value: JSON.parse(value) }))
    },

    length: (log, key) => logs.countDocuments(key === undefined ? { log } : { log, key }),
  }
}
