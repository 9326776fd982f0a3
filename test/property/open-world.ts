import { sql } from 'kysely'
import type { Entity } from '../../src/entity/entity.ts'
import { impliedTables } from '../../src/entity/implied-tables.ts'
import { checkDefinition, checksOf, createCalled } from '../../src/stores/postgres/checks.ts'
import { createTable, quote } from '../../src/stores/postgres/ddl.ts'
import { copyAll, type TestStores } from '../support/stores.ts'
import { entityOf, type World } from './world.ts'

let opened = 0

/** Makes the tables of a world, whose names no statement was prepared for, and loads its documents into both stores through the codecs. */
export async function openWorld(stores: TestStores, world: World): Promise<Entity> {
  const entity = entityOf(world, `world_${opened++}`)
  const { connection } = stores.postgres
  const old = await connection.run<{ name: string }>(
    sql`select tablename as name from pg_tables where schemaname = 'public' and tablename like 'world%'`,
  )
  for (const { name } of old) await connection.run(sql.raw(`drop table ${quote(name)} cascade`))
  for (const table of impliedTables(entity)) {
    const checks = checksOf(entity, table) // they let pass whatever a gateway writes
    for (const { statement } of checks.flatMap(createCalled)) await connection.run(sql.raw(statement))
    await connection.run(sql.raw(createTable(table, checks.map(checkDefinition))))
  }
  const collection = stores.mongo.connection.collection(entity)
  // Not emptied: what was found of the last world's values is kept for its collection
  await collection.drop()
  // Stand-in (SecantusDB): an insert that makes its collection, and a look at collections at that moment, wait for each
  // other without an end
  await stores.mongo.connection.db.createCollection(entity.mongo)
  await collection.insertMany([...world.documents], { forceServerObjectId: true })
  await copyAll(stores, entity, 7)
  return entity
}
