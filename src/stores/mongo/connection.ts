import { type Collection, type Db, type Document, MongoClient } from 'mongodb'
import type { Entity } from '../../entity/entity.ts'
import { countSent } from './sent.ts'

export interface MongoOptions {
  readonly uri: string
  /** Database; default: the one that the URI names, else `crossfade`. */
  readonly database?: string
  /** Connections at most. */
  readonly poolSize?: number
  /** What the server may spend on one call, in milliseconds. */
  readonly maxTimeMs?: number
  /** What a call waits for one of the connections, in milliseconds; default 5,000. */
  readonly waitMs?: number
}

export interface MongoConnection {
  readonly client: MongoClient
  readonly db: Db
  readonly maxTimeMs: number
  collection(entity: Entity): Collection<Document>
}

/** Documents have ids of several types; the driver's default of ObjectId is too narrow. */
export const durable = { writeConcern: { w: 'majority', journal: true } } as const

/**
 * A connection whose writes are durable whatever the URI says. Nothing is sent before the first call; a store that is
 * down fails a call after about two seconds.
 */
export function connectMongo(options: MongoOptions): MongoConnection {
  const client = new MongoClient(options.uri, {
    maxPoolSize: options.poolSize ?? 50,
    serverSelectionTimeoutMS: 2_000,
    connectTimeoutMS: 2_000,
    waitQueueTimeoutMS: options.waitMs ?? 5_000,
    appName: 'crossfade',
    monitorCommands: true,
  })
  countSent(client)
  const named = new URL(options.uri.replace(/^mongodb(\+srv)?:/, 'http:')).pathname.slice(1)
  const db = client.db(options.database ?? (named === '' ? 'crossfade' : named), durable)
  return {
    client,
    db,
    maxTimeMs: options.maxTimeMs ?? 10_000,
    collection: (entity) => db.collection(entity.mongo),
  }
}

export const tombstones = '_crossfade_tombstones'
export const ledgerEntries = '_crossfade_ledger'
export const ledgerClaims = '_crossfade_claims'
export const ledgerLogs = '_crossfade_log'

/** Indexes that the sweep and the ledger need; run by `migrate up`. Safe to repeat. */
export async function prepareMongo(connection: MongoConnection, entities: readonly Entity[]): Promise<void> {
  for (const entity of entities) {
    await connection
      .collection(entity)
      .createIndex({ '_cf.pending': 1 }, { partialFilterExpression: { '_cf.pending': { $exists: true } } })
  }
  await connection.db.collection(tombstones).createIndex({ '_id.entity': 1, pending: 1 })
  await connection.db.collection(ledgerLogs).createIndex({ log: 1, at: -1 })
}
