import { defineEntity, int, text } from 'crossfade'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMongoIndex } from '../../src/demo/sample.ts'
import { missingIndexes } from '../../src/evidence/index-parity.ts'
import { indexProposals } from '../../src/evidence/index-proposals.ts'
import { missingOrderIndexes } from '../../src/evidence/order-indexes.ts'
import type { AskedOrder } from '../../src/query/order.ts'
import { copyAll, openStores, type TestStores } from '../support/stores.ts'

const Trip = defineEntity('Trip', {
  mongo: 'trips',
  postgres: 'trips',
  id: int(),
  fields: {
    started: text(),
    boat: text(),
    crew: int(),
  },
})

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Trip])
  const { connection } = stores.mongo
  await connection.collection(Trip).insertOne({ _id: 1, started: 'a' } as never)
  await createMongoIndex(connection, 'trips', { started: -1, _id: -1 }, false)
  await createMongoIndex(connection, 'trips', { boat: 1, crew: 1 }, false)
  await createMongoIndex(connection, 'trips', { boat: 1, crew: -1 }, false)
  await copyAll(stores, Trip)
})
afterAll(() => stores.close())

const by = (path: string, direction: 'asc' | 'desc' = 'asc', parent: string | null = null): AskedOrder => ({
  because: `order by ${path} ${direction}`,
  by: parent,
  keys: [{ path, direction }],
})

test('what is proposed counts as being there, also read backwards, and no name is given twice', async () => {
  const asked = [by('started'), by('crew', 'desc', 'boat'), by('crew'), by('crew', 'desc')]
  const statements = (await missingIndexes(stores, Trip, asked)).map(({ statement }) => statement)
  expect(statements.sort()).toEqual([
    'create index concurrently "trips_boat_crew_id_idx" on "trips" ("boat" nulls first, "crew" desc nulls last, "id" desc);',
    'create index concurrently "trips_boat_crew_id_idx1" on "trips" ("boat" nulls first, "crew" nulls first, "id");',
    'create index concurrently "trips_crew_id_idx" on "trips" ("crew" nulls first, "id");',
    'create index concurrently "trips_started_id_idx" on "trips" ("started" desc nulls last, "id" desc);',
  ])
})

test('likewise in MongoDB', async () => {
  const asked = [by('started'), by('crew'), by('crew', 'desc'), by('started', 'asc', 'boat')]
  const missing = await missingOrderIndexes(stores.mongo, Trip, [...asked, by('started', 'desc', 'boat')])
  expect(missing.map(({ statement }) => statement)).toEqual([
    'db.getCollection("trips").createIndex({ "crew": 1, "_id": 1 })',
    'db.getCollection("trips").createIndex({ "boat": 1, "started": 1, "_id": 1 })',
  ])
})

test('names that are cut, and those of other tables and of what is there, are taken as well', async () => {
  const { connection } = stores.postgres
  await connection.run(sql`create index trips_crew_idx on trips (boat) where crew > 3`)
  const { propose } = await indexProposals(connection)
  const key = (column: string) => [{ column, direction: 'asc' as const, nullable: false }]
  const nameOf = (statement: string | null) => /"([^"]+)"/.exec(statement!)![1]!
  expect(nameOf(propose('trips', key('crew')))).toBe('trips_crew_idx1')
  expect(nameOf(propose('a_b', key('c')))).toBe('a_b_c_idx')
  expect(nameOf(propose('a', key('b_c')))).toBe('a_b_c_idx1')
  const cut = [40, 41, 42].map((length) => nameOf(propose('trips', key('ä'.repeat(length)))))
  expect(new Set(cut).size).toBe(3)
  expect(cut.filter((name) => Buffer.byteLength(name) > 63 || name.includes('\ufffd'))).toEqual([])
})
