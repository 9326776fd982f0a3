import { defineEntity, int, objectId, text } from 'crossfade'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Readiness } from '../../src/gateway/readiness.ts'
import { adoptMappings } from '../../src/jobs/adopt-mappings.ts'
import { mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { type Migrations, migrateUp } from '../../src/stores/postgres/migrate.ts'
import { postgresStore } from '../../src/stores/postgres/postgres-store.ts'
import { type Databases, openDatabases } from '../support/stores.ts'

const names = { mongo: 'notes', postgres: 'notes', id: objectId() } as const
const Note = defineEntity('Note', { ...names, fields: { text: text() } })
const Grown = defineEntity('Note', { ...names, fields: { text: text(), stars: int() } })

const create = (text: string): Migrations[string] => ({ up: async (db) => void (await sql.raw(text).execute(db)) })
const table =
  'create table notes (id text collate "C" primary key, text text collate "C", rest jsonb, _cf_epoch bigint not null default 0, _cf_counter bigint not null default 0)'
const first = { '0001-notes': create(table) }
const second = { ...first, '0002-stars': create('alter table notes add column stars integer') }

let databases: Databases
let stores: { readonly mongo: ReturnType<typeof mongoStore>; readonly postgres: ReturnType<typeof postgresStore> }
beforeAll(async () => {
  databases = await openDatabases()
  stores = {
    mongo: mongoStore({ uri: databases.mongoUri, database: databases.name }),
    postgres: postgresStore({ uri: databases.databaseUrl }),
  }
})
afterAll(async () => {
  await Promise.all([stores?.mongo.close(), stores?.postgres.close()])
  await databases?.drop()
})

const logged: string[] = []
/** Of a gateway that knows its flags. */
const readiness = (entity: typeof Note | typeof Grown, migrations: Migrations) =>
  new Readiness({
    stores,
    entities: [entity],
    migrations,
    flags: { missing: () => [], formats: { problems: [] }, disagreements: [] } as never,
    log: (_, message) => void logged.push(message),
  })

test('A gateway is not ready while migrations are missing, and says which, and what to run', async () => {
  const problems = await readiness(Note, first).problems()
  expect(problems).toContain('Migration crossfade/0001-control has not run.')
  expect(problems).toContain('Migration app/0001-notes has not run.')
  expect(problems.at(-1)).toBe('Run `crossfade migrate up`.')
  expect(logged).toContain('Not ready: Migration app/0001-notes has not run.')
})

test('once they have run it is, in a process that began before', async () => {
  const before = readiness(Note, first)
  expect(await before.problems()).not.toEqual([])
  await migrateUp(stores.postgres.connection, first)
  await adoptMappings(stores.postgres, [Note])
  expect(await before.problems()).toEqual([])
  await stores.postgres.connection.run(sql`drop table notes`)
  expect(await before.problems()).toEqual([]) // what drops later takes no readiness away
  await stores.postgres.connection.run(sql.raw(table))
})

test('a deploy whose migration has failed does not become ready, nor one whose mapping no table fits', async () => {
  const broken = { ...first, '0002-stars': create('alter table nots add column stars integer') }
  await expect(migrateUp(stores.postgres.connection, broken)).rejects.toThrow(/0002-stars.*"nots" does not exist/s)
  expect(await readiness(Grown, broken).problems()).toContain('Migration app/0002-stars has not run.')
  expect(await readiness(Grown, first).problems()).toEqual([expect.stringMatching(/^notes: .*stars/)])
})

test('a mapping that has grown is not served before what its rows kept is in the columns', async () => {
  const { connection } = stores.postgres
  await migrateUp(connection, second)
  expect(await readiness(Grown, second).problems()).toEqual([
    'The mapping of Note has grown; run `crossfade migrate up`, which fills its columns.',
  ])
  await adoptMappings(stores.postgres, [Grown])
  expect(await readiness(Grown, second).problems()).toEqual([])
})
