import type { Entity } from '../../entity/entity.ts'
import { awaitWithin, timedOut } from '../../util/await-within.ts'
import { closeMs, controlBudgetMs, type Source, type Store } from '../store.ts'
import { alive } from './bookkeeping.ts'
import { connectMongo, type MongoConnection, type MongoOptions } from './connection.ts'
import { failureOf, readError } from './errors.ts'
import { mongoLedger } from './ledger.ts'
import { mongoOutbox } from './outbox.ts'
import { mongoReader } from './reader.ts'
import { type MongoSide, mongoSide } from './side.ts'
import { mongoWriter } from './writer.ts'

export interface MongoSource extends Source {
  readonly origin: 'mongo'
  readonly connection: MongoConnection
  /** What bespoke resolvers get, see `resolve/routed`. */
  side(signal?: AbortSignal): MongoSide
}

export interface MongoStore extends Store, MongoSource {
  readonly origin: 'mongo'
  readonly candidate: MongoSource
  readonly control: MongoSource
  /** Documents of the collection, also those that can have no record. */
  documents(entity: Entity): Promise<number>
  /** How many documents there are, about, from the collection's statistics; null where the server does not say. */
  estimate(entity: Entity): Promise<number | null>
}

const mongoSource = (connection: MongoConnection): MongoSource => ({
  origin: 'mongo',
  connection,
  reader: mongoReader(connection),
  outbox: mongoOutbox(connection),
  side: (signal) => mongoSide(connection, signal),
})

/**
 * MongoDB as a store.
 *
 * @param candidateBudgetMs what one candidate read may take; those have their own connections.
 */
export function mongoStore(options: MongoOptions, candidateBudgetMs = 2_000): MongoStore {
  const connection = connectMongo(options)
  const candidate = mongoSource(connectMongo({ ...options, poolSize: 8, maxTimeMs: candidateBudgetMs }))
  const control = mongoSource(connectMongo({ ...options, poolSize: 4, maxTimeMs: controlBudgetMs }))
  return {
    ...mongoSource(connection),
    candidate,
    control,
    writer: mongoWriter(connection),
    estimate: (entity) =>
      connection
        .collection(entity)
        .estimatedDocumentCount({ maxTimeMS: 2_000 })
        .catch(() => null),
    documents: (entity) => connection.collection(entity).countDocuments(alive, { maxTimeMS: connection.maxTimeMs }),
    ledger: mongoLedger(control.connection),
    distrust: () => undefined, // the driver's monitors see to it
    takesWrites: connection.takesWrites,
    failureOf,
    readError,
    async ping(ms) {
      const answer = await awaitWithin(connection.db.command({ ping: 1, maxTimeMS: ms }), ms)
      if (answer === timedOut) throw new Error(`MongoDB did not answer within ${ms} ms`)
    },
    async close() {
      const clients = [connection, candidate.connection, control.connection].map((each) => each.close())
      await awaitWithin(Promise.all(clients), closeMs)
    },
  }
}
