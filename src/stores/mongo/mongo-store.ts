import type { ReadPreferenceMode } from 'mongodb'
import type { Entity } from '../../entity/entity.ts'
import type { OrderKey } from '../../query/order.ts'
import { awaitWithin, timedOut } from '../../util/await-within.ts'
import { FairTurns } from '../../util/fair-turns.ts'
import type { Json } from '../../util/json.ts'
import type { ForeignChanges } from '../foreign-changes.ts'
import type { Explaining } from '../plan.ts'
import type { PoolState } from '../pool-state.ts'
import { closeMs, type Reader, type Source, type Store } from '../store.ts'
import { tracedReader } from '../traced-reader.ts'
import { mongoAuthority } from './authority.ts'
import { alive } from './bookkeeping.ts'
import { foreignChanges } from './changes.ts'
import { looksSettled, startLooks } from './clean-paths.ts'
import { connectMongo, type MongoConnection, type MongoOptions } from './connection.ts'
import { cuts } from './cuts.ts'
import { failureOf, readError } from './errors.ts'
import { explained } from './explain.ts'
import { readerInTurns, sideInTurns } from './in-turns.ts'
import { keepsUnique } from './keeps-unique.ts'
import { mongoLedger } from './ledger.ts'
import type { Tell } from './looks.ts'
import { mongoOutbox } from './outbox.ts'
import { PoolFull } from './pool-full.ts'
import { membersReader, mongoReader } from './reader.ts'
import { mongoReplica } from './replica.ts'
import { replicationLag } from './replication-lag.ts'
import { type MongoSide, mongoSide } from './side.ts'
import { spread } from './spread.ts'
import { type SurveyedBatch, surveyBatch } from './survey-batch.ts'

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
  /** The authority's: reads of clients, however many, leave its connections alone. */
  readonly writes: MongoConnection
  /** The mirror's: what it puts here, and what it is owed from here. */
  readonly puts: MongoConnection
  /** Of programs that bypass the gateway; over the connections of `control`. */
  readonly foreignChanges: ForeignChanges
  explaining(by: Explaining): MongoSource
  /**
   * Begins to look whether fields can be ordered by what is stored; says from then on where that cannot be known, and
   * what it means.
   */
  startLooks(orders: ReadonlyMap<Entity, readonly OrderKey[]>, tell: Tell): void
  /**
   * Takes down what scans of the whole collection tell of its paths, batch by batch, so that gateways need not look for
   * themselves whether they can ask by what is stored. What it has learned is written down with the last batch. Never
   * rejects: a copy does not wait for what spares gateways a look.
   *
   * @param before what the call for the batch before has returned; null where that is not known, which makes a survey
   * that is not begun with the first batch nothing.
   */
  survey(entity: Entity, before: Json, batch: SurveyedBatch): Promise<Json>
  /** Reads whose streams come from the members that a read preference names; all others from the primary. */
  readerOf(readPreference: ReadPreferenceMode): Reader
  pools(): readonly PoolState[]
  /** Documents of the collection, also those that can have no record. */
  documents(entity: Entity): Promise<number>
  /** How many documents there are, about, from the collection's statistics; null where the server does not say. */
  estimate(entity: Entity): Promise<number | null>
}

const mongoSource = (connection: MongoConnection): MongoSource => ({
  origin: 'mongo',
  connection,
  reader: tracedReader('mongo', mongoReader(connection)),
  outbox: mongoOutbox(connection),
  side: (signal) => mongoSide(connection, signal),
})

/** What clients ask, in turns that are as many as the connections. */
function clientsSource(connection: MongoConnection): MongoSource {
  const { maxPoolSize, waitQueueTimeoutMS } = connection.client.options
  const turns = new FairTurns(maxPoolSize, waitQueueTimeoutMS, () => new PoolFull(waitQueueTimeoutMS))
  const { reader, side, ...source } = mongoSource(connection)
  return {
    ...source,
    reader: readerInTurns(reader, turns),
    side: (signal) => sideInTurns(side(signal), turns, signal),
  }
}

/**
 * MongoDB as a store.
 *
 * @param candidateBudgetMs what one candidate read may take; those have their own connections.
 * @param controlBudgetMs likewise, of flags, signs of life, claims and what is owed; default: as others.
 */
export function mongoStore(
  options: MongoOptions,
  candidateBudgetMs = 2_000,
  controlBudgetMs = options.maxTimeMs,
): MongoStore {
  const connection = connectMongo(options)
  const own = connectMongo({ ...options, poolSize: 8, maxTimeMs: candidateBudgetMs })
  const candidate = mongoSource({ ...own, shares: connection })
  const writes = connectMongo({ ...options, poolSize: 20 })
  const puts = connectMongo({ ...options, poolSize: 10 })
  const control = mongoSource(connectMongo({ ...options, poolSize: 4, maxTimeMs: controlBudgetMs }))
  const pools = { reads: connection, candidate: own, control: control.connection, writes, puts }
  return {
    ...clientsSource(connection),
    candidate,
    control,
    outbox: mongoOutbox(puts),
    authority: mongoAuthority({ ...writes, shares: connection }),
    replica: mongoReplica(puts),
    writes,
    puts,
    foreignChanges: foreignChanges(control.connection),
    startLooks: (orders, tell) => startLooks(connection, orders, tell),
    survey: (entity, before, batch) => surveyBatch(control.connection, entity, before, batch).catch(() => null),
    estimate: (entity) =>
      connection
        .collection(entity)
        .estimatedDocumentCount({ maxTimeMS: 2_000 })
        .catch(() => null),
    readerOf: (readPreference) => membersReader(connection, { readPreference, behindMs: 5_000 }),
    documents: (entity) => connection.collection(entity).countDocuments(alive, { maxTimeMS: connection.maxTimeMs }),
    ledger: mongoLedger(control.connection),
    pools: () => Object.entries(pools).map(([name, { counts }]) => ({ name: name as PoolState['name'], ...counts() })),
    explaining: (by) => mongoSource(explained(connection, by)),
    settled: () => looksSettled(connection),
    distrust: () => undefined, // the driver's monitors see to it
    takesWrites: () => connection.takesWrites() && writes.takesWrites(),
    spread: (entity, ranges, records) => spread(connection, entity, ranges, records),
    cuts: (entity, records, most) => cuts(connection, entity, records, most),
    keepsUnique: (entity, paths) => keepsUnique(connection, entity, paths),
    replicationLag: () => replicationLag(connection),
    failureOf,
    readError,
    lineage: async () => null, // what is acknowledged has a majority, which no election takes back
    async ping(ms) {
      const answer = await awaitWithin(connection.db.command({ ping: 1, maxTimeMS: ms }), ms)
      if (answer === timedOut) throw new Error(`MongoDB did not answer within ${ms} ms`)
    },
    async close() {
      const ends = Object.values(pools).map((each) => each.close())
      await awaitWithin(Promise.all(ends), closeMs)
    },
  }
}
