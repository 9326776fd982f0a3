import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { inject } from 'vitest'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import type { Entity } from '../../src/entity/entity.ts'
import type { Stores } from '../../src/routing/routing.ts'
import { prepareMongo } from '../../src/stores/mongo/connection.ts'
import { mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { connectPostgres } from '../../src/stores/postgres/connection.ts'
import { migrateUp } from '../../src/stores/postgres/migrate.ts'
import { postgresStore } from '../../src/stores/postgres/postgres-store.ts'
import { schemaDrift } from '../../src/stores/postgres/schema-diff.ts'

export interface TestStores extends Stores {
  readonly mongoUri: string
  readonly postgresUri: string
  close(): Promise<void>
}

/** Both stores with fresh databases that hold the entities' tables, indexes and flags. */
export async function openStores(entities: readonly Entity[]): Promise<TestStores> {
  const name = `test_${randomBytes(6).toString('hex')}`
  const admin = connectPostgres({ uri: inject('postgresUri'), poolSize: 1 })
  await admin.run(sql`create database ${sql.id(name)}`)
  const postgresUrl = new URL(inject('postgresUri'))
  postgresUrl.pathname = name
  const mongoUrl = inject('mongoUri').replace('/?', `/${name}?`)
  const mongo = mongoStore({ uri: mongoUrl })
  const postgres = postgresStore({ uri: postgresUrl.href })
  await migrateUp(postgres.connection, {})
  for (const { statement } of await schemaDrift(postgres.connection, entities))
    await postgres.connection.run(sql.raw(statement!))
  await prepareMongo(mongo.connection, entities)
  await prepareFlags(
    { mongo: mongo.ledger, postgres: postgres.ledger },
    entities.map((entity) => entity.name),
  )
  const close = async (): Promise<void> => {
    await mongo.connection.db.dropDatabase()
    await Promise.all([mongo.close(), postgres.close()])
    await admin.run(sql`drop database ${sql.id(name)} with (force)`)
    await admin.pool.end()
  }
  return { mongo, postgres, mongoUri: mongoUrl, postgresUri: postgresUrl.href, close }
}
