import { boolean, defineEntity, embed, increment, int, list, long, objectId, text } from 'crossfade'
import { sql } from 'kysely'
import { Long } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Id } from '../../src/entity/entity.ts'
import { allFields } from '../../src/entity/field-set.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { planPatch } from '../../src/query/patch.ts'
import { adoptRest } from '../../src/stores/postgres/adopt-rest.ts'
import { schemaDrift } from '../../src/stores/postgres/schema-diff.ts'
import type { Guard } from '../../src/stores/store.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const place = { mongo: 'films', postgres: 'films', id: int() } as const
/** The mapping as it began, and as it has grown. */
const Before = defineEntity('Film', {
  ...place,
  fields: {
    title: text(),
    imdb: embed({ id: int() }),
    cast: list(embed({ name: text() })),
    crew: list(embed({ name: text() })).childTable('film_crew'),
  },
})
const Film = defineEntity('Film', {
  ...place,
  fields: {
    title: text(),
    rating: int(),
    votes: long(),
    imdb: embed({ id: int(), score: int() }),
    awards: embed({ wins: int(), big: boolean() }),
    tags: list(text()).childTable('film_tags'),
    owner: objectId().at('meta.owner'),
    cast: list(embed({ name: text(), lead: boolean() })),
    crew: list(embed({ name: text(), job: text() })).childTable('film_crew'),
  },
})

const hex = '5f00000000000000000000aa'
const whole = {
  title: 'A',
  rating: 7,
  votes: Long.fromString('9007199254740993'),
  imdb: { id: 1, score: 8, url: 'u' },
  awards: { wins: 2, big: true, text: 'won' },
  tags: ['x', 'y'],
  meta: { owner: hex, at: 1 },
  cast: [{ name: 'Ann', lead: true, age: 30 }, { name: 'Bob' }],
  crew: [{ name: 'Cid', job: 'cook' }],
}
const record = {
  title: 'A',
  rating: 7,
  votes: 9007199254740993n,
  imdb: { id: 1, score: 8 },
  awards: { wins: 2, big: true },
  tags: ['x', 'y'],
  owner: hex,
  cast: [
    { name: 'Ann', lead: true },
    { name: 'Bob', lead: null },
  ],
  crew: [{ name: 'Cid', job: 'cook' }],
}

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Before])
  const documents = [1, 2, 3, 4, 6].map((_id) => ({ _id, ...whole })) as never[]
  await stores.mongo.connection.collection(Before).insertMany([...documents, { _id: 5, title: 'B' }] as never[])
  await backfill({ stores, entity: Before })
  const { connection } = stores.postgres
  for (const { statement } of await schemaDrift(connection, [Film])) await connection.run(sql.raw(statement!))
})
afterAll(() => stores.close())

const owed = { epoch: 1, owed: true }
const inPostgres = async (id: Id) => (await stores.postgres.reader.byIds(Film, [id], allFields(Film))).get(id)?.record
const inMongo = async (id: Id) => (await stores.mongo.reader.byIds(Film, [id], allFields(Film))).get(id)?.record
const document = async (id: Id) => {
  const { _cf, ...rest } = (await stores.mongo.connection.collection(Film).findOne({ _id: id as never }))!
  return rest
}

test('a patch changes a field that was mapped later from the value that it has, and loses none', async () => {
  const image = await stores.postgres.authority.patch(
    Film,
    1,
    planPatch(Film, { title: 'C', rating: increment(1) }),
    owed,
  )
  const changed = { ...record, id: 1, title: 'C', rating: 8 }
  expect(image!.record).toEqual(changed)
  expect(await inPostgres(1)).toEqual(changed)
  expect(await stores.mongo.replica.bulkPut(Film, [image!], anyEpoch)).toEqual([{ put: 'applied' }])
  expect(await inMongo(1)).toEqual(changed)
  expect(await document(1)).toEqual({ ...whole, _id: 1, title: 'C', rating: 8, votes: expect.anything() })
})

test('a condition on such a field is judged by the value that it has', async () => {
  const when = (value: number): Guard => ({ when: { op: 'eq', path: 'rating', value } })
  const change = planPatch(Film, { title: 'F' })
  expect(await stores.postgres.authority.patch(Film, 6, change, owed, when(8))).toBeNull()
  const image = await stores.postgres.authority.patch(Film, 6, change, owed, when(7))
  expect(image?.record).toEqual({ ...record, id: 6, title: 'F' })
})

test('what is put into MongoDB before the rows are gone through has the values', async () => {
  const [image] = await stores.postgres.outbox.images(Film, [2])
  expect(image!.record).toEqual({ ...record, id: 2 })
  const newer = { ...image!, version: { epoch: 1, counter: 99 } }
  expect(await stores.mongo.replica.bulkPut(Film, [newer], anyEpoch)).toEqual([{ put: 'applied' }])
  expect(await document(2)).toEqual({ ...whole, _id: 2, votes: expect.anything() })
})

test('a gateway with the older mapping touches none of them', async () => {
  const image = await stores.postgres.authority.patch(Before, 3, planPatch(Before, { title: 'D' }), owed)
  expect(await stores.mongo.replica.bulkPut(Before, [image!], anyEpoch)).toEqual([{ put: 'applied' }])
  expect(await document(3)).toEqual({ ...whole, _id: 3, title: 'D', votes: expect.anything() })
})

test('all rows are gone through, at their versions; a second time there is nothing left', async () => {
  expect(await adoptRest(stores.postgres.connection, Film)).toBe(3)
  expect(await inPostgres(2)).toEqual({ ...record, id: 2 })
  expect(await inPostgres(3)).toEqual({ ...record, id: 3, title: 'D' })
  expect(await inPostgres(4)).toEqual({ ...record, id: 4 })
  const [image] = await stores.postgres.outbox.images(Film, [4])
  expect(image).toMatchObject({
    version: { epoch: 0, counter: 0 },
    rest: { imdb: { url: 'u' }, awards: { text: 'won' }, meta: { at: { $numberInt: '1' } } },
    elementRests: { cast: [{ age: { $numberInt: '30' } }, null] },
  })
  expect(await adoptRest(stores.postgres.connection, Film)).toBe(0)
})

test('what a gateway with the older mapping puts afterwards is taken in turn, and is newer than the column', async () => {
  await stores.mongo.connection.collection(Film).updateOne({ _id: 4 as never }, { $set: { rating: 9 } })
  const image = await stores.mongo.authority.patch(Before, 4, planPatch(Before, { title: 'E' }), owed)
  await stores.postgres.replica.bulkPut(Before, [image!], anyEpoch)
  expect(await adoptRest(stores.postgres.connection, Film)).toBe(1)
  expect(await inPostgres(4)).toEqual({ ...record, id: 4, title: 'E', rating: 9 })
})
