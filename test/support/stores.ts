import { type RawBuilder, sql } from 'kysely'
import { inject } from 'vitest'
import { times } from '../../src/control/times.ts'
import type { Entity } from '../../src/entity/entity.ts'
import { adoptMappings } from '../../src/jobs/adopt-mappings.ts'
import { adopt } from '../../src/stores/mongo/codec/adopt.ts'
import { prepareMongo } from '../../src/stores/mongo/connection.ts'
import { type MongoStore, mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { connectPostgres } from '../../src/stores/postgres/connection.ts'
import { migrateUp } from '../../src/stores/postgres/migrate.ts'
import { type PostgresStore, postgresStore } from '../../src/stores/postgres/postgres-store.ts'
import { schemaDrift } from '../../src/stores/postgres/schema-diff.ts'
import { anyEpoch } from './any-epoch.ts'

/** Both stores on databases of their own, with the tables that the entities imply. */
export interface TestStores {
  readonly mongo: MongoStore
  readonly postgres: PostgresStore
  /** Drops the databases and closes all connections. */
  close(): Promise<void>
}

let opened = 0

async function onServer(uri: string, statement: string): Promise<void> {
  const server = connectPostgres({ uri, poolSize: 1 })
  try {
    await server.run(sql.raw(statement))
  } finally {
    await server.pool.end()
  }
}

/** Connections that were just closed may live on for a moment, and would complain loudly about being cut off. */
async function dropDatabase(uri: string, database: string): Promise<void> {
  for (let tries = 50; ; tries--) {
    try {
      return await onServer(uri, `drop database if exists ${database}`)
    } catch (error) {
      if (tries === 0) throw error
      await new Promise((done) => setTimeout(done, 100))
    }
  }
}

export interface Servers {
  readonly mongoUri: string
  readonly databaseUrl: string
}

const shared = (): Servers => ({ mongoUri: inject('mongoUri'), databaseUrl: inject('databaseUrl') })

/** An empty database on each server. */
export interface Databases extends Servers {
  readonly name: string
  /** Drops PostgreSQL's, once nobody is connected any more. */
  drop(): Promise<void>
}

export async function openDatabases({ mongoUri, databaseUrl }: Servers = shared()): Promise<Databases> {
  const name = `test_${process.pid}_${Date.now().toString(36)}_${opened++}`
  await onServer(databaseUrl, `create database ${name}`)
  const [mongo, postgres] = [new URL(mongoUri), new URL(databaseUrl)]
  mongo.pathname = postgres.pathname = `/${name}`
  return { name, mongoUri: mongo.href, databaseUrl: postgres.href, drop: () => dropDatabase(databaseUrl, name) }
}

/** Fresh databases on both servers; for `beforeAll`. */
export async function openStores(
  entities: readonly Entity[],
  candidateMs?: number,
  own?: Servers,
): Promise<TestStores> {
  const ours = shared()
  const servers = own ?? ours
  const { name: database, databaseUrl: uri, drop } = await openDatabases(servers)
  // Stand-in (SecantusDB): it takes seconds for what a server does at once, and more on a busy machine. Servers that a
  // test puts in trouble are its own, and are asked as in production
  const patient = { mongo: servers.mongoUri === ours.mongoUri, postgres: servers.databaseUrl === ours.databaseUrl }
  const waitMs = 60_000
  const controlMs = own ? times.controlCall : undefined // as a gateway has it
  const mongo = mongoStore(
    { uri: servers.mongoUri, database, ...(patient.mongo ? { waitMs, maxTimeMs: waitMs } : {}) },
    candidateMs,
    controlMs,
  )
  const postgres = postgresStore({ uri, adopt, ...(patient.postgres ? { waitMs } : {}) }, candidateMs, controlMs)
  const { connection } = postgres
  await migrateUp(connection, {})
  for (const { statement } of await schemaDrift(connection, entities)) {
    if (statement) await connection.run(sql.raw(statement))
  }
  await adoptMappings(postgres, entities)
  await prepareMongo(mongo.connection, entities)
  return {
    mongo,
    postgres,
    async close() {
      await mongo.connection.db.dropDatabase()
      await Promise.all([mongo.close(), postgres.close()])
      await drop()
    },
  }
}

/** Backfill in small batches: what Mongo has, put into Postgres. */
export async function copyAll({ mongo, postgres }: TestStores, entity: Entity, limit = 5): Promise<void> {
  for (let after: string | number | null = null, more = true; more; ) {
    const { images, next } = await mongo.reader.scan(entity, { after, limit })
    await postgres.replica.bulkPut(entity, images, anyEpoch)
    after = next
    more = next !== null
  }
}

/** Takes everything out of both databases, Crossfade's own notes included; for `beforeEach` where counts must be exact. */
export async function emptyStores({ mongo, postgres }: TestStores): Promise<void> {
  const collections = await mongo.connection.db.collections()
  await Promise.all(collections.map((collection) => collection.deleteMany({})))
  const tables = await postgres.connection.run<{ name: string }>(
    sql`select format('%I.%I', schemaname, tablename) as name from pg_tables
        where schemaname in ('public', 'crossfade') and tablename not like '%migrations%'`,
  )
  await changeUnseen({ postgres }, sql.raw(`truncate ${tables.map(({ name }) => name).join(', ')}`))
}

/** Changes tables as nothing tells of it: the triggers of the tables are passed by, as by a replication of the server's. */
export async function changeUnseen(
  { postgres }: Pick<TestStores, 'postgres'>,
  ...statements: readonly RawBuilder<unknown>[]
): Promise<void> {
  await postgres.connection.transaction((tx) => tx.commit(statements))
}
