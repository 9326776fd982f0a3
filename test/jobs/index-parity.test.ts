import { defineEntity, embed, int, json, list, text } from 'crossfade'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import config from '../../crossfade.config.ts'
import { Movie } from '../../schema/movie.ts'
import { createMongoIndex } from '../../src/demo/sample.ts'
import { missingIndexes } from '../../src/jobs/index-parity.ts'
import { contractOrders } from '../../src/resolve/contract-orders.ts'
import { copyAll, openStores, type TestStores } from '../support/stores.ts'

const Ship = defineEntity('Ship', {
  mongo: 'ships',
  postgres: 'ships',
  id: int(),
  fields: {
    name: text().required().index(),
    code: text({ nullIf: [''] }).unique(),
    flag: text(),
    year: int({ intPrefix: true }),
    tags: list(text()),
    ports: list(text()).childTable('ship_ports'),
    calls: list(embed({ port: text(), year: int() })).childTable('ship_calls'),
    owners: list(embed({ name: text() })),
    papers: json({ 'lloyds.no': int() }),
  },
})

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Ship])
  const { connection } = stores.mongo
  const collection = connection.collection(Ship)
  await collection.insertMany([
    { _id: 1, name: 'a', year: '1990', code: 'x' },
    { _id: 2, name: 'b', year: 1990, code: 'x' },
    { _id: 3, name: 'c', year: '1990 or so', code: '' },
    { _id: 4, name: 'd', year: 1991, code: '' },
  ] as never[])
  await createMongoIndex(connection, 'ships', { name: 1 }, false)
  await createMongoIndex(connection, 'ships', { flag: 1, name: -1 }, false)
  await createMongoIndex(connection, 'ships', { year: 1 }, true)
  await createMongoIndex(connection, 'ships', { tags: 1 }, false)
  await createMongoIndex(connection, 'ships', { ports: 1 }, false)
  await createMongoIndex(connection, 'ships', { 'calls.port': 1, 'calls.year': -1 }, false)
  await createMongoIndex(connection, 'ships', { 'owners.name': 1 }, false)
  await createMongoIndex(connection, 'ships', { 'calls.port': 1, name: 1 }, false)
  await createMongoIndex(connection, 'ships', { hull: 1 }, false)
  await createMongoIndex(connection, 'ships', { 'papers.lloyds.no': 1 }, false)
  await createMongoIndex(connection, 'ships', { tags: 1, name: 1 }, false)
  await copyAll(stores, Ship)
})
afterAll(() => stores.close())

const type = 'Ship'
const lists = [
  {
    type,
    because: "MongoDB's index tags_1",
    statement: 'create index concurrently "ships_tags_idx" on "ships" using gin ("tags");',
    note: '',
  },
  {
    type,
    because: "MongoDB's index ports_1",
    statement: 'create index concurrently "ship_ports_value_idx" on "ship_ports" ("value");',
    note: '',
  },
]
const members = [
  {
    type,
    because: "MongoDB's index calls.port_1_calls.year_-1",
    statement:
      'create index concurrently "ship_calls_port_year_parent_id_idx" on "ship_calls" ("port" nulls first, "year" desc nulls last, "parent_id");',
    note: '',
  },
  {
    type,
    because: "MongoDB's index owners.name_1",
    statement: null,
    note: 'owners is a json column, whose members have no index: give it a child table.',
  },
  {
    type,
    because: "MongoDB's index calls.port_1_name_1",
    statement: null,
    note: 'calls is a list, which has an index of its own.',
  },
]
const advice = [
  ...["MongoDB's index papers.lloyds.no_1", "the contract's order by papers.lloyds.no"].map((because) => ({
    type,
    because,
    statement: null,
    note: 'papers.lloyds.no is inside of json: map it as a field to give it an index.',
  })),
  { type, because: "MongoDB's index hull_1", statement: null, note: 'The mapping does not name hull.' },
  {
    type,
    because: "MongoDB's index tags_1_name_1",
    statement: null,
    note: 'tags is a list, which has an index of its own.',
  },
]
const rest = [
  {
    type,
    because: "MongoDB's index flag_1_name_-1",
    statement:
      'create index concurrently "ships_flag_name_id_idx" on "ships" ("flag" nulls first, "name" desc nulls last, "id" desc);',
    note: '',
  },
  {
    type,
    because: "MongoDB's index year_1",
    statement: 'create unique index concurrently "ships_year_key" on "ships" ("year") nulls not distinct;',
    note: 'First resolve the duplicates. 3 records hold one value: 1, 2, 3',
  },
  {
    type,
    because: "MongoDB's index year_1; records can exchange their values",
    statement:
      'alter table "ships" add constraint "ships_year_key" unique using index "ships_year_key" deferrable initially immediate;',
    note: '',
  },
  {
    type,
    because: "the contract's order by flag",
    statement: 'create index concurrently "ships_flag_id_idx" on "ships" ("flag" nulls first, "id");',
    note: '',
  },
  {
    type,
    because: 'code is unique in the mapping',
    statement: 'create unique index concurrently "ships_code_key" on "ships" ("code");',
    note: 'First resolve the duplicates. 2 records hold one value: 1, 2',
  },
  {
    type,
    because: 'code is unique in the mapping; records can exchange their values',
    statement:
      'alter table "ships" add constraint "ships_code_key" unique using index "ships_code_key" deferrable initially immediate;',
    note: '',
  },
]

const found = () =>
  missingIndexes(stores, Ship, [
    { path: 'flag', direction: 'asc' },
    { path: 'name', direction: 'asc' },
    { path: 'papers.lloyds.no', direction: 'asc' },
  ])

test('what PostgreSQL lacks is named, with its statement and with what stands in the way', async () => {
  const missing = await found()
  expect(missing).toHaveLength(15)
  expect(new Set(missing)).toEqual(new Set([...lists, ...members, ...advice, ...rest]))
})

test('its statements run once the duplicates are resolved, and then nothing is missing', async () => {
  const { connection } = stores.postgres
  await connection.run(sql`update ships set year = 1000 + id, code = 'c' || id`)
  for (const { statement } of await found()) if (statement) await connection.run(sql.raw(statement))
  expect(new Set(await found())).toEqual(new Set([...members.filter(({ statement }) => statement === null), ...advice]))
})

test('the orders of the contract are those of its enumerations', () => {
  expect(
    contractOrders(config.schema, [Movie])
      .get('Movie')
      ?.map(({ path }) => path),
  ).toEqual(['commentCount', 'imdb.rating', 'imdb.votes', 'metacritic', 'released', 'runtime', 'title', 'year'])
})
