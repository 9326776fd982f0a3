import { defineEntity, int, text } from 'crossfade'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { missingIndexes } from '../../src/evidence/index-parity.ts'
import { buildIndexes } from '../../src/jobs/build-indexes.ts'
import { buildIndex } from '../../src/stores/postgres/build-index.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Ship = defineEntity('Ship', {
  mongo: 'ships',
  postgres: 'ships',
  id: int(),
  fields: { name: text(), year: int() },
})
const byName = { because: 'order by name', by: null, keys: [{ path: 'name', direction: 'asc' }] } as const

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Ship])
})
afterAll(() => stores?.close())

const run = (statement: string) => stores.postgres.connection.run(sql.raw(statement))
const missing = () => missingIndexes(stores, Ship, [byName])
const names = async (): Promise<string[]> => {
  const rows = await stores.postgres.connection.run<{ name: string }>(
    sql`select relname as name from pg_class where relkind = 'i' and relname like 'ships%' order by 1`,
  )
  return rows.map(({ name }) => name)
}

test('what is missing is built, and is missing no more', async () => {
  const said: string[] = []
  const found = await missing()
  expect(found).toMatchObject([{ because: "the contract's order by name" }])
  expect(await buildIndexes(stores.postgres, found, (line) => said.push(line))).toEqual(new Set(found))
  expect(said).toEqual(['Ship: create index concurrently "ships_name_id_idx" on "ships" ("name" nulls first, "id");'])
  expect(await names()).toEqual(['ships_name_id_idx', 'ships_pkey'])
  expect(await missing()).toEqual([])
})

test('a build that fails leaves nothing behind, and ends no other', async () => {
  const told = { store: 'postgres', type: 'Ship', because: 'a test', note: '' } as const
  const bad = { ...told, statement: 'create index concurrently "ships_bad" on "ships" ((1 / (year - year)));' }
  const good = { ...told, statement: 'create index concurrently "ships_good" on "ships" ("year");' }
  const unique = { ...told, statement: 'create unique index concurrently "ships_key" on "ships" ("year");' }
  const mongo = { ...good, store: 'mongo' } as const
  await run('insert into ships (id, year) values (1, 1990)')
  const said: string[] = []
  const built = await buildIndexes(stores.postgres, [bad, good, unique, mongo], (line) => said.push(line))
  expect(built).toEqual(new Set([good]))
  expect(said[1]).toMatch(/^Ship: it could not be built: division by zero/)
  expect(await names()).toEqual(['ships_good', 'ships_name_id_idx', 'ships_pkey'])
})

test('what somebody else has left unfinished is told with the statement that takes it away', async () => {
  await run('insert into ships (id, year) values (2, 1990)')
  await expect(run('create unique index concurrently ships_left on ships (year)')).rejects.toThrow('could not create')
  expect(await missing()).toEqual([
    {
      store: 'postgres',
      type: 'Ship',
      because: 'the build of ships_left was cut off',
      statement: 'drop index concurrently "ships_left";',
      note: '',
    },
  ])
  await run('drop index concurrently ships_left')
  // As buildIndex has it, whose own are dropped
  const own = 'create unique index concurrently "ships_left" on "ships" ("year");'
  await expect(buildIndex(stores.postgres.connection, own)).rejects.toThrow('could not create')
  expect(await missing()).toEqual([])
})
