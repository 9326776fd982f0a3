import { defineEntity, embed, int, json, list, text } from 'crossfade'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import config from '../../crossfade.config.ts'
import { createMongoIndex } from '../../src/demo/sample.ts'
import { missingIndexes } from '../../src/evidence/index-parity.ts'
import { missingOrderIndexes } from '../../src/evidence/order-indexes.ts'
import type { AskedOrder } from '../../src/query/order.ts'
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

const [store, type] = ['postgres', 'Ship'] as const
const lists = [
  {
    store,
    type,
    because: "MongoDB's index tags_1",
    statement: 'create index concurrently "ships_tags_idx" on "ships" using gin ("tags");',
    note: '',
  },
  {
    store,
    type,
    because: "MongoDB's index ports_1",
    statement: 'create index concurrently "ship_ports_value_idx" on "ship_ports" ("value");',
    note: '',
  },
]
const members = [
  {
    store,
    type,
    because: "MongoDB's index calls.port_1_calls.year_-1",
    statement:
      'create index concurrently "ship_calls_port_year_parent_id_idx" on "ship_calls" ("port" nulls first, "year" desc nulls last, "parent_id");',
    note: '',
  },
  {
    store,
    type,
    because: "MongoDB's index owners.name_1",
    statement: null,
    note: 'owners is a json column, whose members have no index: give it a child table.',
  },
  {
    store,
    type,
    because: "MongoDB's index calls.port_1_name_1",
    statement: null,
    note: 'calls is a list, which has an index of its own.',
  },
]
const advice = [
  ...["MongoDB's index papers.lloyds.no_1", "the contract's order by papers.lloyds.no"].map((because) => ({
    store,
    type,
    because,
    statement: null,
    note: 'papers.lloyds.no is inside of json: map it as a field to give it an index.',
  })),
  { store, type, because: "MongoDB's index hull_1", statement: null, note: 'The mapping does not name hull.' },
  {
    store,
    type,
    because: "MongoDB's index tags_1_name_1",
    statement: null,
    note: 'tags is a list, which has an index of its own.',
  },
]
const rest = [
  {
    store,
    type,
    because: "MongoDB's index flag_1_name_-1",
    statement:
      'create index concurrently "ships_flag_name_id_idx" on "ships" ("flag" nulls first, "name" desc nulls last, "id" desc);',
    note: '',
  },
  {
    store,
    type,
    because: "MongoDB's index year_1",
    statement: 'create unique index concurrently "ships_year_key" on "ships" ("year") nulls not distinct;',
    note: 'First resolve the duplicates. 3 records hold one value: 1, 2, 3',
    blocked: true,
  },
  {
    store,
    type,
    because: "MongoDB's index year_1; records can exchange their values",
    statement:
      'alter table "ships" add constraint "ships_year_key" unique using index "ships_year_key" deferrable initially immediate;',
    note: '',
    blocked: true,
  },
  {
    store,
    type,
    because: "the contract's order by flag",
    statement: 'create index concurrently "ships_flag_id_idx" on "ships" ("flag" nulls first, "id");',
    note: '',
  },
  {
    store,
    type,
    because: "the contract's Port.ships",
    statement:
      'create index concurrently "ships_flag_year_id_idx" on "ships" ("flag" nulls first, "year" desc nulls last, "id" desc);',
    note: '',
  },
  {
    store,
    type,
    because: 'code is unique in the mapping',
    statement: 'create unique index concurrently "ships_code_key" on "ships" ("code");',
    note: 'First resolve the duplicates. 2 records hold one value: 1, 2',
    blocked: true,
  },
  {
    store,
    type,
    because: 'code is unique in the mapping; records can exchange their values',
    statement:
      'alter table "ships" add constraint "ships_code_key" unique using index "ships_code_key" deferrable initially immediate;',
    note: '',
    blocked: true,
  },
]

const found = () =>
  missingIndexes(stores, Ship, [
    ...['flag', 'name', 'papers.lloyds.no'].map(
      (path): AskedOrder => ({ because: `order by ${path}`, by: null, keys: [{ path, direction: 'asc' }] }),
    ),
    { because: 'Port.ships', by: 'flag', keys: [{ path: 'year', direction: 'desc' }] },
  ])

test('what PostgreSQL lacks is named, with its statement and with what stands in the way', async () => {
  const missing = await found()
  expect(missing).toHaveLength(16)
  expect(new Set(missing)).toEqual(new Set([...lists, ...members, ...advice, ...rest]))
})

test('its statements run once the duplicates are resolved, and then nothing is missing', async () => {
  const { connection } = stores.postgres
  await connection.run(sql`update ships set year = 1000 + id, code = 'c' || id`)
  for (const { statement } of await found()) if (statement) await connection.run(sql.raw(statement))
  expect(new Set(await found())).toEqual(new Set([...members.filter(({ statement }) => statement === null), ...advice]))
})

test('MongoDB lacks what gives the orders of the contract, from the first stage on', async () => {
  const by = (path: string, direction: 'asc' | 'desc' = 'asc'): AskedOrder => ({
    because: `order by ${path}`,
    by: null,
    keys: [{ path, direction }],
  })
  const children: AskedOrder = { because: 'Port.ships', by: 'flag', keys: [{ path: 'name', direction: 'desc' }] }
  const asked = [by('name'), by('flag'), by('code'), by('year'), by('id'), children, { ...children, by: 'code' }]
  const told = (because: string, statement: string | null, note = '') => ({
    store: 'mongo',
    type: 'Ship',
    because: `the contract's ${because}`,
    statement,
    note,
  })
  const missing = (await missingOrderIndexes(stores.mongo, Ship, asked)).sort((a, b) =>
    a.because < b.because ? -1 : 1,
  )
  expect(missing.map((each) => JSON.stringify(each)).sort()).toEqual(
    [
      told(
        'order by name',
        null,
        'name_1 gives it in two steps, this one in one: db.getCollection("ships").createIndex({ "name": 1, "_id": 1 })',
      ),
      told(
        'order by flag',
        null,
        'flag_1_name_-1 gives it in two steps, this one in one: db.getCollection("ships").createIndex({ "flag": 1, "_id": 1 })',
      ),
      told(
        'order by code',
        null,
        'No index of MongoDB gives the order of code, whose values are converted: each page reads all documents.',
      ),
      told(
        'order by year',
        null,
        'No index of MongoDB gives the order of year, whose values are converted: each page reads all documents.',
      ),
      told(
        'Port.ships',
        null,
        'flag_1_name_-1 gives it in two steps, this one in one: db.getCollection("ships").createIndex({ "flag": 1, "name": -1, "_id": -1 })',
      ),
      told('Port.ships', 'db.getCollection("ships").createIndex({ "code": 1, "name": -1, "_id": -1 })'),
    ]
      .map((each) => JSON.stringify(each))
      .sort(),
  )
})

test('and nothing once its statements have run', async () => {
  const asked: AskedOrder[] = [
    {
      because: 'a',
      by: null,
      keys: [
        { path: 'flag', direction: 'desc' },
        { path: 'name', direction: 'desc' },
      ],
    },
    { because: 'b', by: 'code', keys: [{ path: 'name', direction: 'desc' }] },
  ]
  const { db } = stores.mongo.connection
  const statements = (await missingOrderIndexes(stores.mongo, Ship, asked)).map(({ statement }) => statement!)
  expect(statements).toHaveLength(2)
  for (const statement of statements) {
    const [, name, keys] = /^db\.getCollection\("(\w+)"\)\.createIndex\((.*)\)$/.exec(statement)!
    await db.collection(name!).createIndex(JSON.parse(keys!))
  }
  expect(await missingOrderIndexes(stores.mongo, Ship, asked)).toEqual([])
})

test('the orders of the contract are those of its enumerations, and of the children of its types', () => {
  const orders = contractOrders(config.schema, config.entities)
  expect(orders.get('Movie')?.map(({ keys }) => keys.map(({ path }) => path).join())).toEqual([
    'commentCount',
    'imdb.rating',
    'imdb.votes',
    'metacritic',
    'released',
    'runtime',
    'title',
    'year',
  ])
  expect(orders.get('Comment')?.filter(({ by }) => by !== null)).toEqual(
    expect.arrayContaining([
      { because: 'Movie.comments', by: 'movieId', keys: [{ path: 'date', direction: 'desc' }] },
      { because: 'User.comments', by: 'email', keys: [{ path: 'date', direction: 'desc' }] },
    ]),
  )
})
