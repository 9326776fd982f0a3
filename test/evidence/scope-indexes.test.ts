import { boolean, defineEntity, enumeration, int, text, timestamp } from 'crossfade'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Entity } from '../../src/entity/entity.ts'
import { fieldSet } from '../../src/entity/field-set.ts'
import { missingIndexes } from '../../src/evidence/index-parity.ts'
import { missingOrderIndexes } from '../../src/evidence/order-indexes.ts'
import { defaultScope } from '../../src/query/default-scope.ts'
import { type AskedOrder, totalOrder } from '../../src/query/order.ts'
import type { Plan } from '../../src/stores/plan.ts'
import { changeUnseen, openStores, type TestStores } from '../support/stores.ts'

const fields = {
  title: text(),
  blogId: int().at('blog_id'),
  made: timestamp(),
  state: enumeration(['draft', 'public']),
  isHidden: boolean().at('is_hidden'),
  deletedAt: timestamp().at('deleted_at'),
}
const Post = defineEntity('Post', {
  mongo: 'posts',
  postgres: 'posts',
  id: int(),
  defaultScope: { deletedAt: { eq: null } },
  fields,
})
/** What stands in lists has a state, is not deleted, and something that no index holds. */
const Note = defineEntity('Note', {
  mongo: 'notes',
  postgres: 'notes',
  id: int(),
  defaultScope: { state: { eq: 'public' }, deletedAt: { eq: null }, isHidden: { ne: true } },
  fields,
})

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Post, Note])
})
afterAll(() => stores.close())

const because = 'order by made'
const asked: readonly AskedOrder[] = [
  { because, by: null, keys: [{ path: 'made', direction: 'desc' }] },
  { because: 'Blog.posts', by: 'blogId', keys: [{ path: 'made', direction: 'desc' }] },
  { because: 'order by state', by: null, keys: [{ path: 'state', direction: 'asc' }] },
]
const ofPostgres = (entity: Entity) => missingIndexes({ mongo: null, postgres: stores.postgres }, entity, asked)
const note = 'It is for what the defaultScope of the type shows; lists that are unscoped need one without it.'

test('what a scope says is part of the indexes that are proposed for PostgreSQL, which then are enough', async () => {
  const missing = [...(await ofPostgres(Post)), ...(await ofPostgres(Note))]
  expect(missing.map(({ statement }) => statement)).toEqual([
    'create index concurrently "posts_made_id_idx" on "posts" ("made" desc nulls last, "id" desc) where "deleted_at" is null;',
    'create index concurrently "posts_blog_id_made_id_idx" on "posts" ("blog_id" nulls first, "made" desc nulls last, "id" desc) where "deleted_at" is null;',
    'create index concurrently "posts_state_id_idx" on "posts" ("state" nulls first, "id") where "deleted_at" is null;',
    'create index concurrently "notes_state_made_id_idx" on "notes" ("state" nulls first, "made" desc nulls last, "id" desc) where "deleted_at" is null;',
    'create index concurrently "notes_state_blog_id_made_id_idx" on "notes" ("state" nulls first, "blog_id" nulls first, "made" desc nulls last, "id" desc) where "deleted_at" is null;',
    'create index concurrently "notes_state_id_idx" on "notes" ("state" nulls first, "id") where "deleted_at" is null;',
  ])
  expect(new Set(missing.map((each) => each.note))).toEqual(new Set([note]))
  for (const { statement } of missing) await stores.postgres.connection.run(sql.raw(statement!))
  expect([...(await ofPostgres(Post)), ...(await ofPostgres(Note))]).toEqual([])
})

test('PostgreSQL finds a page by such an index', async () => {
  for (const entity of [Post, Note]) {
    const table = sql.table(entity.postgres)
    await changeUnseen(
      stores,
      sql`insert into ${table} (id, made, state, _cf_epoch, _cf_counter)
          select n, now() - n * interval '1 minute', 'public', 1, 1 from generate_series(1, 1000) n`,
    )
    await stores.postgres.connection.run(sql`analyze ${table}`)
    const plans: Promise<Plan>[] = []
    const { reader } = stores.postgres.explaining({ runs: true, hear: (plan) => plans.push(plan) })
    const order = totalOrder(entity, [{ path: 'made', direction: 'desc' }])
    await reader.query(entity, { where: defaultScope(entity), order, limit: 5, fields: fieldSet(entity, ['title']) })
    expect(await Promise.all(plans)).toEqual([{ reads: 'bounded' }])
  }
})

test('an index whose condition is another does not count, and one of all rows does', async () => {
  const run = (statement: string) => stores.postgres.connection.run(sql.raw(statement))
  await run('drop index posts_made_id_idx, posts_blog_id_made_id_idx, posts_state_id_idx')
  await run(`create index on posts (made desc nulls last, id desc) where deleted_at is null and title is null`)
  await run(`create index on posts (blog_id nulls first, made desc nulls last, id desc) where state = 'public'`)
  await run('create index on posts (state nulls first, id)')
  expect((await ofPostgres(Post)).map((each) => each.because)).toEqual([
    "the contract's order by made",
    "the contract's Blog.posts",
  ])
})

test('in MongoDB one value of a scope leads, and null does not, which no index tells there', async () => {
  const statements = async (entity: Entity) =>
    (await missingOrderIndexes(stores.mongo, entity, asked)).map(({ statement }) => statement)
  expect([await statements(Post), await statements(Note)]).toEqual([
    [
      'db.getCollection("posts").createIndex({ "made": -1, "_id": -1 })',
      'db.getCollection("posts").createIndex({ "blog_id": 1, "made": -1, "_id": -1 })',
      'db.getCollection("posts").createIndex({ "state": 1, "_id": 1 })',
    ],
    [
      'db.getCollection("notes").createIndex({ "state": 1, "made": -1, "_id": -1 })',
      'db.getCollection("notes").createIndex({ "state": 1, "blog_id": 1, "made": -1, "_id": -1 })',
      'db.getCollection("notes").createIndex({ "state": 1, "_id": 1 })',
    ],
  ])
  const notes = stores.mongo.connection.db.collection('notes')
  await notes.createIndex({ made: -1, _id: -1 })
  await notes.createIndex({ blog_id: 1, state: 1, made: 1, _id: 1 })
  await notes.createIndex({ state: 1, _id: 1 })
  expect(await statements(Note)).toEqual([])
})
