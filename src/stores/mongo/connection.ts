import {
  type Collection,
  type Db,
  MongoClient,
  type MongoClientOptions,
  ReadConcern,
  ReadPreference,
  WriteConcern,
} from 'mongodb'
import type { Entity } from '../../entity/entity.ts'
import { CrossfadeError, messageOf } from '../../util/errors.ts'
import { checkUri, hostsOf, withoutSecrets } from '../../util/store-uri.ts'
import { documentsOf } from './documents-of.ts'
import { poolCounts } from './pool-counts.ts'
import type { StoredDocument } from './stored.ts'

export interface MongoOptions {
  readonly uri: string
  /** Database; default: the one that the URI names. */
  readonly database?: string
  /** Connections at most. */
  readonly poolSize?: number
  /**
   * What the server may spend on one call, in milliseconds; default 10,000. A server that has not answered a second
   * later loses the connection.
   */
  readonly maxTimeMs?: number
  /** What a call waits for one of the connections, in milliseconds; default 5,000. */
  readonly waitMs?: number
}

export interface MongoConnection {
  readonly client: MongoClient
  readonly db: Db
  readonly maxTimeMs: number
  /** The connection that looks for both at what is stored, see `clean-paths`; default: this one. */
  readonly shares?: MongoConnection
  /** The documents of a type, and nothing else of its collection. */
  collection(entity: Entity): Collection<StoredDocument>
  /** The same where nothing is written, see `reading`. */
  reads(entity: Entity): Collection<StoredDocument>
  /** False while the driver knows of no server that takes writes: there is an election, or nobody answers. */
  takesWrites(): boolean
  /** Its connections at the moment, and calls that wait for one. */
  readonly counts: ReturnType<typeof poolCounts>
  /** To the same servers, for calls that take as long as they take: builds of indexes, scans of whole collections. */
  patient(): MongoConnection
  /** To the same servers, for change streams: each of them has a connection to itself while it waits. */
  streams(): MongoConnection
  close(): Promise<void>
}

/** What is acknowledged stays, and what is read was acknowledged, whatever the URI says. */
export const deciding = {
  writeConcern: new WriteConcern('majority', undefined, true),
  readConcern: new ReadConcern('majority'),
  readPreference: ReadPreference.primary,
} as const

/**
 * Without a write concern, which the driver would delete from the options of each find: objects with a member deleted are
 * slow to copy, and it copies them four times (18 µs of a read by an id, of 700).
 */
const { writeConcern: _, ...reading } = deciding

const namesDatabase = /^[^/]+:\/\/[^/?]+\/[^?]/

/** What the driver makes of the address. @throws MISCONFIGURED with its reason, without the password. */
function fromUri<T>(uri: string, make: () => T): T {
  checkUri('MONGODB_URI', uri)
  try {
    return make()
  } catch (error) {
    throw new CrossfadeError('MISCONFIGURED', `MONGODB_URI: ${withoutSecrets(messageOf(error), uri)}`)
  }
}

/**
 * A client that finds no server at its first call is dead for the driver: every later call says that its topology is
 * closed, also once the server is there. Without that topology the next call makes another.
 */
function startAnew(client: MongoClient): void {
  client.on('topologyClosed', () => {
    Object.assign(client, { topology: undefined })
  })
}

const writable: ReadonlySet<string> = new Set(['RSPrimary', 'Standalone', 'Mongos', 'LoadBalancer'])

/** Whether the driver knows a server that takes writes. True before it has looked: a call makes it look. */
function watchWritable(client: MongoClient): () => boolean {
  let known = true
  client.on('topologyDescriptionChanged', ({ newDescription }) => {
    known = [...newDescription.servers.values()].some(({ type }) => writable.has(type))
  })
  client.on('topologyClosed', () => {
    known = true
  })
  return () => known
}

/**
 * A connection whose writes are durable, and whose reads come from the primary, whatever the URI says. Nothing is sent
 * before the first call; a store that is down fails a call after about two seconds, and one that hangs a second after
 * `maxTimeMs`.
 *
 * @throws MISCONFIGURED where the URI cannot be read or names no database.
 */
export function connectMongo(options: MongoOptions): MongoConnection {
  const { maxTimeMs = 10_000 } = options
  return connectWith(options, maxTimeMs, maxTimeMs + 1_000)
}

function connectWith(options: MongoOptions, maxTimeMs: number, socketTimeoutMS: number): MongoConnection {
  const clientOptions: MongoClientOptions = {
    maxPoolSize: options.poolSize ?? 40,
    serverSelectionTimeoutMS: 2_000,
    connectTimeoutMS: 2_000,
    socketTimeoutMS,
    // A server that was given up for an error is looked at again after this at the latest; the driver's own is 10 s
    heartbeatFrequencyMS: 2_000,
    waitQueueTimeoutMS: options.waitMs ?? 5_000,
    retryWrites: true,
    retryReads: true,
    ...(/[?&]appname=/i.test(options.uri) ? {} : { appName: 'crossfade' }),
  }
  const client = fromUri(options.uri, () => new MongoClient(options.uri, clientOptions))
  const takesWrites = watchWritable(client)
  const counts = poolCounts(client)
  startAnew(client)
  if (options.database === undefined && !namesDatabase.test(options.uri)) {
    const example = `mongodb://${hostsOf(options.uri)}/shop`
    throw new CrossfadeError(
      'MISCONFIGURED',
      `MONGODB_URI names no database: write it behind the hosts, as ${example}.`,
    )
  }
  const db = fromUri(options.uri, () => client.db(options.database ?? client.options.dbName, deciding))
  const readOnly = client.db(db.databaseName, reading)
  let patient: MongoConnection | undefined
  let streams: MongoConnection | undefined
  return {
    client,
    db,
    maxTimeMs,
    collection: (entity) => documentsOf(db, entity),
    reads: (entity) => documentsOf(readOnly, entity),
    takesWrites,
    counts,
    patient: () => (patient ??= connectWith({ ...options, poolSize: 2, waitMs: 60_000 }, maxTimeMs, 0)),
    streams: () => (streams ??= connectWith({ ...options, poolSize: 0 }, maxTimeMs, socketTimeoutMS)),
    async close() {
      await Promise.all([client.close(), patient?.close(), streams?.close()])
    },
  }
}

export const tombstones = '_crossfade_tombstones'
export const ledgerEntries = '_crossfade_ledger'
export const ledgerClaims = '_crossfade_claims'
export const ledgerLogs = '_crossfade_log'

/** Indexes that the sweep, counts and the ledger need; run by `migrate up`. Safe to repeat. */
export async function prepareMongo(hasty: MongoConnection, entities: readonly Entity[]): Promise<void> {
  const connection = hasty.patient()
  for (const entity of entities) {
    // Few documents have these: what is owed, and what is on its way to be removed or revealed
    for (const path of ['_cf.pending', '_cf.deleted', '_cf.arriving.since'])
      await connection
        .collection(entity)
        .createIndex({ [path]: 1 }, { partialFilterExpression: { [path]: { $exists: true } } })
  }
  await connection.db.collection(tombstones).createIndex({ '_id.entity': 1, pending: 1 })
  await connection.db.collection(ledgerLogs).createIndex({ log: 1, at: -1, _id: -1, key: 1 })
}
