import {
  addToSet,
  append,
  defineEntity,
  embed,
  enumeration,
  insert,
  int,
  list,
  objectId,
  pop,
  pull,
  text,
  timestamp,
  where,
} from 'crossfade'
import { type Document, ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allFields, fieldSet } from '../../src/entity/field-set.ts'
import { leafAt } from '../../src/entity/leaf-at.ts'
import { totalOrder } from '../../src/query/order.ts'
import { planPatch } from '../../src/query/patch.ts'
import type { Where } from '../../src/query/where.ts'
import { lookAt } from '../../src/stores/mongo/clean-paths.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { copyAll, openStores, type TestStores } from '../support/stores.ts'

const orOne = { orOne: true } as const
const Post = defineEntity('Post', {
  mongo: 'posts',
  postgres: 'posts',
  id: int(),
  fields: {
    tags: list(text({ nullIf: ['-'] }), orOne),
    words: list(text(), orOne),
    owners: list(objectId(), orOne).childTable('post_owners'),
    counts: list(int(), orOne),
    states: list(enumeration(['open', 'shut']), orOne).at('meta.states'),
    seen: list(timestamp({ forms: ['date', 'text'] }), orOne),
    plain: list(text()),
    parts: list(embed({ names: list(text(), orOne) })),
  },
})

const owner = '5f00000000000000000000aa'
const day = new Date('2021-03-04T00:00:00.000Z')
const documents: readonly Document[] = [
  { tags: 'red', words: 'red', plain: 'red', owners: new ObjectId(owner), counts: 7, meta: { states: 'open' } },
  { tags: ['red', 'blue'], words: ['red', 'blue'], plain: ['red'], owners: [owner], counts: ['7', 8], seen: day },
  {
    tags: '-',
    words: 7,
    owners: owner,
    counts: '7',
    seen: '2021-03-04',
    parts: [{ names: 'a' }, { names: ['a', 'b'] }],
  },
  { tags: [], words: { a: 1 }, owners: 'nobody', counts: 1.5, meta: { states: 'lost' }, parts: [{ names: 5 }] },
  { tags: null, words: [['red']], counts: [], meta: [{ states: 'open' }] },
  {},
]

/** By document, of which null has no list. */
const read: Readonly<Record<string, readonly unknown[]>> = {
  tags: [['red'], ['red', 'blue'], [], [], null, null],
  words: [['red'], ['red', 'blue'], ['7'], [], [], null],
  owners: [[owner], [owner], [owner], [], null, null],
  counts: [[7], [7, 8], [7], [], [], null],
  states: [['open'], null, null, [], null, null],
  seen: [null, [day], [day], null, null, null],
  plain: [null, ['red'], null, null, null, null],
  parts: [null, null, [{ names: ['a'] }, { names: ['a', 'b'] }], [{ names: ['5'] }], null, null],
}

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Post])
  const given = documents.map((each, _id): Document => ({ _id: _id as never, ...each }))
  await stores.mongo.connection.collection(Post).insertMany(given)
  await copyAll(stores, Post, 20)
})
afterAll(() => stores.close())

const ids = [...documents.keys()]

describe.each(['mongo', 'postgres', 'mongo, once it has looked'])('One value in the place of a list, in %s', (how) => {
  const origin = how === 'postgres' ? 'postgres' : 'mongo'
  beforeAll(async () => {
    if (how === origin) return
    for (const path of ['tags', 'words', 'owners', 'counts', 'states', 'seen'])
      await lookAt(stores.mongo.connection, Post, leafAt(Post, path))
  })

  test('is a list of it, where the field says so', async () => {
    const records = await stores[origin].reader.byIds(Post, ids, allFields(Post))
    for (const [path, wanted] of Object.entries(read))
      expect([path, ids.map((id) => records.get(id)!.record[path])]).toEqual([path, wanted])
  })

  test.each<[Where, number[]]>([
    [where(Post, { tags: { has: 'red' } }), [0, 1]],
    [where(Post, { tags: { hasEvery: ['red', 'blue'] } }), [1]],
    [where(Post, { tags: { isEmpty: true } }), [2, 3]],
    [where(Post, { tags: { isEmpty: false } }), [0, 1]],
    [where(Post, { tags: { isNull: true } }), [4, 5]],
    [where(Post, { words: { has: 'red' } }), [0, 1]],
    [where(Post, { words: { has: '7' } }), [2]],
    [where(Post, { words: { hasSome: ['blue', '7'] } }), [1, 2]],
    [where(Post, { words: { hasEvery: ['red'] } }), [0, 1]],
    [where(Post, { words: { isEmpty: true } }), [3, 4]],
    [where(Post, { not: { words: { has: 'red' } } }), [2, 3, 4, 5]],
    [where(Post, { owners: { has: owner } }), [0, 1, 2]],
    [where(Post, { owners: { isEmpty: true } }), [3]],
    [where(Post, { counts: { has: 7 } }), [0, 1, 2]],
    [where(Post, { states: { has: 'open' } }), [0]],
    [where(Post, { states: { isNull: false } }), [0, 3]],
    [where(Post, { seen: { has: day } }), [1, 2]],
    [where(Post, { plain: { has: 'red' } }), [1]],
    [where(Post, { parts: { some: { names: { has: 'a' } } } }), [2]],
    [where(Post, { parts: { some: { names: { has: '5' } } } }), [3]],
  ])('%j finds it', async (asked, wanted) => {
    const query = { where: asked, order: totalOrder(Post, []), limit: 100, fields: fieldSet(Post, []) }
    const items = await stores[origin].reader.query(Post, query)
    expect(items.map(({ record }) => record.id)).toEqual(wanted)
    expect(await stores[origin].reader.count(Post, asked)).toBe(wanted.length)
  })
})

test('is no data issue, but where no element could be either, and where the field takes lists alone', async () => {
  const images = await stores.mongo.outbox.images(Post, ids)
  const issues = images.flatMap(({ id, issues }) => issues.map(({ path, rule }) => `${id} ${path} ${rule}`))
  expect(issues.sort()).toEqual([
    '0 plain is not a list',
    '2 tags.0 means null inside a list',
    '3 counts.0 is not a whole number',
    '3 meta.states.0 is none of the values that the field allows',
    '3 owners.0 is not an ObjectId',
    '3 words.0 is not a string',
    '4 words.0 is not a string',
  ])
})

const free = { epoch: 1, owed: false }
const stored = async (id: number): Promise<unknown> =>
  (await stores.mongo.connection.collection(Post).findOne({ _id: id as never }))!['tags']

test.each([
  [append('blue'), ['red', 'blue']],
  [addToSet('red'), ['red']],
  [insert('blue', 0), ['blue', 'red']],
  [pop('last'), []],
  [pull('red'), []],
  [['green'], ['green']],
])('a change of it leaves a list: %j', async (change, wanted) => {
  await stores.mongo.connection.collection(Post).insertOne({ _id: 100 as never, tags: 'red' })
  const image = await stores.mongo.authority.patch(Post, 100, planPatch(Post, { tags: change as never }), free)
  expect([image?.record?.['tags'], await stored(100)]).toEqual([wanted, wanted])
  await stores.mongo.connection.collection(Post).deleteOne({ _id: 100 as never })
})

test('the mirror leaves it as it is, until the record has another list', async () => {
  const [image] = await stores.postgres.outbox.images(Post, [0])
  const put = (tags: readonly string[], counter: number) =>
    stores.mongo.replica.bulkPut(
      Post,
      [{ ...image!, version: { epoch: 1, counter }, record: { ...image!.record!, counts: [counter], tags } }],
      anyEpoch,
    )
  await put(['red'], 1)
  expect(await stored(0)).toBe('red')
  await put(['red', 'green'], 2)
  expect(await stored(0)).toEqual(['red', 'green'])
})
