import { defineEntity, int, json, list, text, timestamp } from 'crossfade'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { missingIndexes } from '../../src/evidence/index-parity.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Login = defineEntity('Login', {
  mongo: 'logins',
  postgres: 'logins',
  id: int(),
  fields: { name: text(), host: text(), at: timestamp(), uses: int(), roles: list(text()), more: json() },
})

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Login])
})
afterAll(() => stores.close())

const deadLetter = 'in live a record that MongoDB refuses for it becomes a dead letter.'

/** Options of an index as people have them, and what doctor says: what cannot be had and what it means. */
test.each([
  [
    'that deletes by date',
    { at: 1 },
    { expireAfterSeconds: 3600 },
    [
      'null: MongoDB deletes documents 3600 s after at by itself. PostgreSQL does not: rows stay until a backfill removes them, and once it has authority a job of yours must delete them through the API.',
      'create index concurrently "logins_at_id_idx" on "logins" ("at" nulls first, "id");: ',
    ],
  ],
  [
    'that is unique regardless of case',
    { name: 1 },
    { unique: true, collation: { locale: 'en', strength: 2 } },
    [
      `null: PostgreSQL does not keep it, since its collation (en, strength 2) takes different texts for one: ${deadLetter}`,
    ],
  ],
  [
    'in the order of a language',
    { name: 1 },
    { collation: { locale: 'sv' } },
    [
      'null: Its collation (sv, strength 3) finds and orders texts otherwise than PostgreSQL, which compares code points: queries that name it are written by hand.',
    ],
  ],
  ['that is hidden', { uses: 1 }, { hidden: true }, ['null: It is hidden: no query uses it.']],
  ['of places', { host: '2dsphere' }, {}, ['null: It is a 2dsphere index; the queries behind it are written by hand.']],
  [
    'of every path',
    { '$**': 1 },
    {},
    ['null: It is a wildcard index; PostgreSQL needs one for each field that is asked for.'],
  ],
  [
    'that leaves documents out',
    { host: 1 },
    { sparse: true },
    [
      'create index concurrently "logins_host_id_idx" on "logins" ("host" nulls first, "id");: It leaves documents out; this one holds all rows.',
    ],
  ],
  [
    'with a filter',
    { host: 1 },
    { partialFilterExpression: { uses: { $gt: 5 } } },
    [
      'create index concurrently "logins_host_id_idx" on "logins" ("host" nulls first, "id");: It leaves documents out; this one holds all rows.',
    ],
  ],
  [
    'that is unique among some',
    { name: 1 },
    { unique: true, partialFilterExpression: { uses: { $gt: 5 }, host: "o'k" } },
    [
      `create unique index concurrently "logins_name_18c94832_key" on "logins" ("name") nulls not distinct where "uses" > '5'::integer and "host" = 'o''k'::text;: `,
    ],
  ],
  [
    'that is unique among what the mapping does not name',
    { name: 1 },
    { unique: true, partialFilterExpression: { gone: { $exists: true } } },
    [`null: PostgreSQL does not keep it, since the mapping names no column for gone: ${deadLetter}`],
  ],
  [
    'that is unique with a filter that no column can say',
    { name: 1 },
    { unique: true, partialFilterExpression: { uses: { $type: 'string' } } },
    [`null: PostgreSQL does not keep it, since its filter asks uses for $type: ${deadLetter}`],
  ],
  [
    'that is unique for each element',
    { roles: 1 },
    { unique: true },
    [`null: PostgreSQL does not keep it, since roles is a list: ${deadLetter}`],
  ],
  [
    'that is unique and compound',
    { name: 1, host: -1 },
    { unique: true },
    [
      'create unique index concurrently "logins_name_host_key" on "logins" ("name", "host") nulls not distinct;: ',
      'alter table "logins" add constraint "logins_name_host_key" unique using index "logins_name_host_key" deferrable initially immediate;: ',
    ],
  ],
] as const)('an index %s is told whole', async (_, keys, options, expected) => {
  const collection = stores.mongo.connection.collection(Login)
  const name = await collection.createIndex({ ...keys } as never, { ...options } as never)
  try {
    const found = await missingIndexes(stores, Login, [])
    expect(found.map(({ statement, note }) => `${statement}: ${note}`)).toEqual(expected)
  } finally {
    await collection.dropIndex(name)
  }
})
