import { randomBytes } from 'node:crypto'
import { defineEntity, int, json, long, text } from 'crossfade'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Entity } from '../../src/entity/entity.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { conflictLog } from '../../src/mirror/conflicts.ts'
import { type DeadLetter, DeadLetters, deadLetterKind, waitMs } from '../../src/mirror/dead-letters.ts'
import { sweep } from '../../src/mirror/sweep.ts'
import { planPatch } from '../../src/query/patch.ts'
import type { Image } from '../../src/stores/store.ts'
import type { Origin } from '../../src/util/origin.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { emptyStores, openStores, type TestStores } from '../support/stores.ts'

const Review = defineEntity('Review', {
  mongo: 'reviews',
  postgres: 'reviews',
  id: int(),
  fields: { title: text().index(), stars: int(), ticks: long(), body: text(), data: json() },
})

const Note = defineEntity('Note', { mongo: 'notes', postgres: 'notes', id: text(), fields: { body: text() } })

const owed = { epoch: 1, owed: true } as const

let stores: TestStores
beforeAll(async () => {
  const opened = await openStores([Review, Note])
  stores = opened
  const $jsonSchema = { properties: { stars: { bsonType: ['int', 'null'], minimum: 1, maximum: 5 } } }
  await stores.mongo.connection.db.command({ collMod: 'reviews', validator: { $jsonSchema } })
})
beforeEach(() => emptyStores(stores))
afterAll(() => stores.close())

const round = (from: Origin, impatient = true, entity: Entity = Review): Promise<number> =>
  sweep({ stores, owner: 'test', under: anyEpoch, olderThanMs: 0, impatient, log: () => undefined }, entity, from)

const create = (from: Origin, id: number, values: Readonly<Record<string, unknown>> = {}): Promise<Image> =>
  stores[from].authority.create(Review, newRecord(Review, id, values), owed)

const letters = async (from: Origin): Promise<readonly [string, string][]> =>
  (await stores[from].ledger.list(deadLetterKind)).map(({ key, value }) => [
    key,
    (value as unknown as DeadLetter).reason,
  ])

const idsIn = async (origin: Origin): Promise<unknown[]> =>
  (await stores[origin].reader.scan(Review, { after: null, limit: 100 })).images.map(({ id }) => id)

describe('One record that the mirror refuses, among good ones [poison]', () => {
  const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) })

  test.each<[string, Origin, Readonly<Record<string, unknown>>, RegExp]>([
    ['larger than 16 MB', 'postgres', { body: 'x'.repeat(17_000_000) }, /16 MB|too large/],
    ['refused by a validator', 'postgres', { stars: 9 }, /validator .*\(stars\)/],
    ['too long for an index', 'mongo', { title: randomBytes(6_000).toString('hex') }, /too long for an index/],
  ])('%s: the others are mirrored, and it is told why', async (_title, from, values, reason) => {
    const to = from === 'mongo' ? 'postgres' : 'mongo'
    for (const id of [1, 2]) await create(from, id, { title: `t${id}` })
    await create(from, 3, values)
    for (const id of [4, 5]) await create(from, id, { title: `t${id}` })
    expect(await round(from)).toBe(1)
    expect(await idsIn(to)).toEqual([1, 2, 4, 5])
    expect(await letters(from)).toEqual([['Review/3', expect.stringMatching(reason)]])
    // Nothing of the record is in it
    expect(JSON.stringify(await letters(from))).not.toMatch(/xxxx|[0-9a-f]{50}/)
    const patch = planPatch(Review, { body: 'ok', stars: 3, title: 'ok' })
    await stores[from].authority.patch(Review, 3, patch, owed)
    expect(await round(from, false)).toBe(0)
    expect(await idsIn(to)).toEqual([1, 2, 3, 4, 5])
    expect(await letters(from)).toEqual([])
  })

  test('a record whose id is too long for any index is owed no more once it is deleted', async () => {
    const id = randomBytes(6_000).toString('hex')
    await stores.mongo.authority.create(Note, newRecord(Note, id, {}), owed)
    expect(await round('mongo', true, Note)).toBe(1)
    await stores.mongo.authority.delete(Note, id, owed)
    expect(await round('mongo', true, Note)).toBe(0)
    expect(await letters('mongo')).toEqual([])
  })

  test('JSON as deep as can be reaches the other store', async () => {
    await create('postgres', 1, { data: deep(90) })
    expect(await round('postgres')).toBe(0)
    expect(await idsIn('mongo')).toEqual([1])
  })

  test('many that are large each, together too much for one statement, are put in parts', async () => {
    // As a text of one statement they would be longer than JavaScript's longest
    const images: Image[] = Array.from({ length: 46 }, (_, index) => ({
      id: index + 1,
      version: { epoch: 1, counter: 1 },
      pending: true,
      record: newRecord(Review, index + 1, { body: 'y'.repeat(12_000_000) }),
      rest: null,
      issues: [],
    }))
    const outcomes = await stores.postgres.replica.bulkPut(Review, images, anyEpoch)
    expect(new Set(outcomes.map(({ put }) => put))).toEqual(new Set(['applied']))
    expect(await stores.postgres.reader.count(Review, { op: 'and', of: [] })).toBe(46)
  }, 300_000)
})

describe.each(['mongo', 'postgres'] as const)('Dead letters, authority %s', (from) => {
  /** A long is no JSON number: a note of it once stopped the sweep. */
  test('a mirror that is ahead with other content is a conflict, and the others are mirrored [mirror-ahead]', async () => {
    const to: Origin = from === 'mongo' ? 'postgres' : 'mongo'
    const image = await create(from, 1, { ticks: 9007199254740993n, data: { a: 1 } })
    await create(from, 2)
    const ahead = { epoch: image.version.epoch, counter: image.version.counter + 1_000_000 }
    const record = newRecord(Review, 1, { ticks: 9007199254740995n })
    await stores[to].replica.bulkPut(Review, [{ ...image, version: ahead, record }], anyEpoch)
    await round(from)
    expect(await round(from)).toBe(0)
    const [note] = await stores[from].ledger.tail(conflictLog, 10, 'Review/1')
    expect(note!.value).toMatchObject({ mirror: to, record: { id: 1, ticks: '9007199254740995' } })
    for (const origin of [from, to])
      expect((await stores[origin].outbox.images(Review, [1]))[0]!.record).toMatchObject({ ticks: 9007199254740993n })
    expect(await idsIn(to)).toEqual([1, 2])
  })
})

test.each([
  ['null', null],
  ['a text', 'too large'],
  ['a letter without a version', { reason: 'r', by: [], tries: 1, next: 8.64e15 }],
  ['a letter whose tries are no number', { reason: 'r', by: [], version: '1.7', tries: 'many', next: 8.64e15 }],
])('A dead letter that another version has kept as %s is tried at once, and written anew', async (_title, kept) => {
  await create('postgres', 1, { stars: 9 })
  await create('postgres', 2)
  await stores.postgres.ledger.compareAndSet(deadLetterKind, 'Review/1', null, kept)
  expect(await round('postgres', false)).toBe(1)
  expect(await idsIn('mongo')).toEqual([2])
  const [letter] = await stores.postgres.ledger.list(deadLetterKind)
  expect(letter).toMatchObject({ key: 'Review/1', value: { tries: 1, reason: expect.stringMatching(/validator/) } })
})

describe('Dead letters wait [dead-letters-starve]', () => {
  test('each longer than before, ten minutes at most', () => {
    expect([1, 2, 3, 5, 10, 11, 1_000].map(waitMs)).toEqual([1_000, 2_000, 4_000, 16_000, 512_000, 600_000, 600_000])
  })

  test('and take no place from what is newly owed, however many they are', async () => {
    for (let id = 1; id <= 60; id++) await create('postgres', id, { stars: 9 })
    expect(await round('postgres')).toBe(60)
    await create('postgres', 100)
    expect(await round('postgres', false)).toBe(60)
    expect(await idsIn('mongo')).toEqual([100])
    const [first] = await stores.postgres.ledger.list(deadLetterKind)
    expect(first!.value).toMatchObject({ tries: 1, version: expect.stringMatching(/^1\.\d+$/) })
  })

  test('and are tried behind what is newly owed, a hundred a round, once their time has come', async () => {
    for (let id = 1; id <= 110; id++) await create('postgres', id, { stars: 9 })
    await round('postgres')
    await (await DeadLetters.of(stores.postgres.ledger, Review)).hasten()
    await create('postgres', 200)
    const put: (readonly unknown[])[] = []
    const { replica } = stores.mongo
    const { bulkPut } = replica
    onTestFinished(() => void Object.assign(replica, { bulkPut }))
    Object.assign(replica, {
      bulkPut: (...args: Parameters<typeof bulkPut>) => {
        put.push(args[1].map(({ id }) => id))
        return bulkPut(...args)
      },
    })
    expect(await round('postgres', false)).toBe(110)
    expect(put[0]).toEqual([200])
    const tried = new Set(put.slice(1).flat())
    expect([tried.size, put.slice(1).flat().length]).toEqual([100, 100])
    put.length = 0
    await round('postgres')
    const left = Array.from({ length: 110 }, (_, index) => index + 1).filter((id) => !tried.has(id))
    expect(put[0]).toEqual(expect.arrayContaining(left)) // tried longest ago
  })
})
