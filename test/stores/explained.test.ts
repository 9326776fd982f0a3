import { defineEntity, int, objectId, text } from 'crossfade'
import { sql } from 'kysely'
import { type CommandStartedEvent, type Document, ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Entity } from '../../src/entity/entity.ts'
import { fieldSet } from '../../src/entity/field-set.ts'
import type { OrderKey } from '../../src/query/order.ts'
import { everything, type Where } from '../../src/query/where.ts'
import { lookAt } from '../../src/stores/mongo/clean-paths.ts'
import { mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { NotRun, type Plan } from '../../src/stores/plan.ts'
import { type Origin, origins } from '../../src/util/origin.ts'
import { copyAll, openStores, type TestStores } from '../support/stores.ts'

const Poster = defineEntity('Poster', {
  mongo: 'posters',
  postgres: 'posters',
  id: objectId(),
  fields: { title: text(), artist: text(), copies: int() },
})

const id = new ObjectId('5f00000000000000000000aa').toHexString()

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Poster])
  const { mongo, postgres } = stores
  const documents = Array.from({ length: 30 }, (_, n) => ({ title: `t${n % 7}`, artist: `a${n}`, copies: n }))
  const collection = mongo.connection.collection(Poster as Entity)
  await collection.insertMany([{ _id: new ObjectId(id), title: 't', artist: 'a', copies: 1 }, ...documents] as never)
  await collection.createIndex({ title: 1, _id: 1 })
  await postgres.connection.run(sql`create index on posters (title nulls first, id)`)
  await copyAll(stores, Poster)
  for (const path of ['title', 'artist', 'copies']) await lookAt(mongo.connection, Poster, Poster.leaves.get(path)!)
})
afterAll(() => stores.close())

/** What the statements of some reads are, of which each is explained. */
async function plansOf(
  origin: Origin,
  read: (source: ReturnType<TestStores[Origin]['explaining']>) => Promise<unknown>,
  runs = true,
): Promise<{ readonly plans: readonly Plan[]; readonly found: unknown }> {
  const heard: Promise<Plan>[] = []
  const source = stores[origin].explaining({ hear: (plan) => heard.push(plan), runs })
  const found = await read(source).catch((error: unknown) => error)
  return { plans: await Promise.all(heard), found }
}

const fields = fieldSet(Poster, ['title'])
const asc = (path: string): OrderKey => ({ path, direction: 'asc' })
const page = (where: Where, ...order: OrderKey[]) => ({ where, order: [...order, asc('id')], limit: 5, fields })

const bounded: Plan = { reads: 'bounded' }
const whole: Plan = { reads: 'everything', of: ['posters'] }

describe.each(origins)('what %s says of', (origin) => {
  test('a page that an index orders, and one that none does', async () => {
    expect((await plansOf(origin, ({ reader }) => reader.query(Poster, page(everything, asc('title'))))).plans).toEqual(
      [bounded],
    )
    expect(
      (await plansOf(origin, ({ reader }) => reader.query(Poster, page(everything, asc('copies'))))).plans,
    ).toEqual([whole])
  })

  test('a record by its id, and a record by what has no index', async () => {
    expect((await plansOf(origin, ({ reader }) => reader.byIds(Poster, [id], fields))).plans).toEqual([bounded])
    const where: Where = { op: 'eq', path: 'artist', value: 'a3' }
    expect((await plansOf(origin, ({ reader }) => reader.query(Poster, page(where)))).plans).toEqual([whole])
  })

  test('texts that contain another, counted and listed, whatever the order', async () => {
    const where: Where = { op: 'contains', path: 'artist', value: 'a1', insensitive: false }
    expect((await plansOf(origin, ({ reader }) => reader.count(Poster, where))).plans).toEqual([whole])
    expect((await plansOf(origin, ({ reader }) => reader.query(Poster, page(where, asc('title'))))).plans).toEqual([
      whole,
    ])
  })

  test('a count of all, of groups, and by a parent that has no index', async () => {
    expect((await plansOf(origin, ({ reader }) => reader.count(Poster, everything))).plans).toContainEqual(whole)
    const asked = { where: everything, by: ['title'], measures: {}, having: [], order: [], limit: 5 }
    expect((await plansOf(origin, ({ reader }) => reader.aggregate(Poster, asked))).plans).toEqual([whole])
    const count = await plansOf(origin, ({ reader }) => reader.countPer(Poster, 'artist', ['a1', 'a2'], everything))
    expect(count.plans).toEqual([whole])
  })

  test('a read is as without, and one that is not to be run is explained alike', async () => {
    const query = page({ op: 'eq', path: 'id', value: id }, asc('title'))
    const run = await plansOf(origin, ({ reader }) => reader.query(Poster, query))
    const plain = await stores[origin].reader.query(Poster, query)
    expect(run.found).toEqual(plain)
    expect(plain).toHaveLength(1)
    const alone = await plansOf(origin, ({ reader }) => reader.query(Poster, query), false)
    expect(alone.found).toBeInstanceOf(NotRun)
    expect(alone.plans).toEqual(run.plans)
  })
})

test('a statement that the server does not explain is told as such, without its values', async () => {
  const { plans, found } = await plansOf('postgres', (source) =>
    source.origin === 'postgres'
      ? source.side().run(sql`select * from nowhere where a = ${'a secret'}`)
      : Promise.reject(new Error('of the other store')),
  )
  expect(found).toBeInstanceOf(Error)
  expect(plans).toEqual([{ reads: 'unknown', why: 'the server did not explain it (unfit, 42P01)' }])
  // Stand-in (SecantusDB): it explains whatever it is given, so that only a server that is not there explains nothing
  const heard: Promise<Plan>[] = []
  const nobody = mongoStore({ uri: 'mongodb://127.0.0.1:1/shop?serverSelectionTimeoutMS=300' })
  const { reader } = nobody.explaining({ hear: (plan) => heard.push(plan), runs: false })
  await expect(reader.count(Poster, { op: 'eq', path: 'artist', value: 'a secret' })).rejects.toBeInstanceOf(NotRun)
  const told = await Promise.all(heard)
  await nobody.close()
  expect(told).toEqual([{ reads: 'unknown', why: 'the server did not explain it (unreachable)' }])
  expect(JSON.stringify([plans, told])).not.toContain('secret')
})

test('an index of PostgreSQL whose first column is not asked about bounds nothing, nor does one that leaves rows out', async () => {
  const { connection } = stores.postgres
  const titled = (source: Awaited<ReturnType<typeof stores.postgres.explaining>>, more = sql``) =>
    source.side().run(sql`select id from posters where copies > ${3}::int ${more}`)
  const of = (more = sql``) =>
    plansOf('postgres', (source) => (source.origin === 'postgres' ? titled(source, more) : Promise.reject(source)))
  await connection.run(sql`create index posters_late on posters (artist, copies)`)
  expect((await of()).plans).toEqual([whole])
  await connection.run(sql`create index posters_signed on posters (id) where artist = 'a'`)
  expect((await of(sql`and artist = 'a'`)).plans).toEqual([
    { reads: 'everything', of: ['the index posters_signed of posters'] },
  ])
  await connection.run(sql`create index posters_copies on posters (copies)`)
  expect((await of()).plans).toEqual([bounded])
})

describe('an index that finds what matches counts though the planner prefers to walk the order on little data', () => {
  const match: Where = { op: 'eq', path: 'copies', value: 3 }
  const within = (where: Where, ...order: OrderKey[]) =>
    plansOf('postgres', ({ reader }) => reader.query(Poster, page(where, ...order)))

  test('under a limit, in a count and beside another condition', async () => {
    const { connection } = stores.postgres
    await connection.run(sql`drop index if exists posters_copies, posters_late, posters_signed`)
    expect((await within(match, asc('title'))).plans).toEqual([whole])
    await connection.run(sql`create index posters_copies on posters (copies)`)
    await connection.run(sql`analyze posters`)
    expect((await within(match, asc('title'))).plans).toEqual([bounded])
    expect((await within({ op: 'gt', path: 'copies', value: 1 }, asc('title'))).plans).toEqual([bounded])
    expect((await plansOf('postgres', ({ reader }) => reader.count(Poster, match))).plans).toEqual([bounded])
    const contains: Where = { op: 'contains', path: 'artist', value: 'a1', insensitive: false }
    expect((await within({ op: 'and', of: [match, contains] }, asc('title'))).plans).toEqual([bounded])
  })

  test('and neither makes a page by an order wrong nor a part of a text right', async () => {
    expect((await within(everything, asc('title'))).plans).toEqual([bounded])
    expect((await within(everything, asc('artist'))).plans).toEqual([whole])
    const contains: Where = { op: 'contains', path: 'title', value: 't', insensitive: false }
    expect((await within(contains, asc('title'))).plans).toEqual([whole])
    const { connection } = stores.postgres
    await connection.run(sql`create index posters_titled on posters (id) where title is not null`)
    const plan = (await within(contains, asc('title'))).plans
    await connection.run(sql`drop index posters_titled`)
    expect(plan).toMatchObject([{ reads: 'everything' }])
  })
})

test('what is stored is planned as ever afterwards: the setting ends with the explanation', async () => {
  await plansOf('postgres', ({ reader }) => reader.count(Poster, everything))
  const settings = await Promise.all(
    Array.from({ length: 30 }, () => stores.postgres.connection.run(sql`show enable_seqscan`)),
  )
  expect(settings.flat()).toEqual(Array.from({ length: 30 }, () => ({ enable_seqscan: 'on' })))
})

test('MongoDB is asked for plans by a read concern of which it explains aggregates as well', async () => {
  const { client } = stores.mongo.connection
  const sent: Document[] = []
  const hear = ({ commandName, command }: CommandStartedEvent): void => {
    if (commandName === 'explain') sent.push(command['explain'])
  }
  client.on('commandStarted', hear)
  await plansOf('mongo', ({ reader }) => reader.count(Poster, { op: 'eq', path: 'artist', value: 'a3' }))
  await plansOf('mongo', ({ reader }) => reader.query(Poster, page(everything, asc('title'))))
  client.off('commandStarted', hear)
  expect(sent.map(({ aggregate, find, readConcern }) => [aggregate ?? find, readConcern])).toEqual([
    ['posters', { level: 'local' }],
    ['posters', { level: 'local' }],
  ])
})
