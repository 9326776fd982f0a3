import { decimal, defineEntity, int, text } from 'crossfade'
import { type CommandStartedEvent, Decimal128, type Document, MongoServerError } from 'mongodb'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Rec } from '../../src/entity/entity.ts'
import { fieldSet } from '../../src/entity/field-set.ts'
import { encodeCursor } from '../../src/query/cursor.ts'
import { planOffset } from '../../src/query/offset-page.ts'
import type { OrderKey } from '../../src/query/order.ts'
import { cutPage, defaultBounds, type PageArgs, planPage } from '../../src/query/page.ts'
import { everything, type Where } from '../../src/query/where.ts'
import { lookAt } from '../../src/stores/mongo/clean-paths.ts'
import { servedBy } from '../../src/stores/mongo/ordered-page.ts'
import { mongoReader } from '../../src/stores/mongo/reader.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Song = defineEntity('Song', {
  mongo: 'songs',
  postgres: 'songs',
  id: int(),
  fields: { title: text(), year: int(), kind: text(), label: text().at('by.label'), price: decimal() },
})

const size = 40
/** Runs of one title, some without any (null, or missing), years that repeat. */
const documents = Array.from({ length: size }, (_, n) => ({
  _id: (n * 17) % size,
  ...(n % 5 === 4 ? (n % 2 ? {} : { title: null }) : { title: n < 20 ? 'same' : `t${n % 9}` }),
  year: n % 7 === 6 ? null : 1990 + (n % 4),
  kind: n % 2 ? 'odd' : 'even',
  by: { label: `l${n % 3}` },
  price: Decimal128.fromString(['1', '1.0', '1.00', '2.50'][n % 4]!),
}))

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Song])
  await stores.mongo.connection.collection(Song).insertMany(documents as never[])
  for (const leaf of Song.leaves.values()) await lookAt(stores.mongo.connection, Song, leaf)
})
afterAll(() => stores.close())

/** Sorted queries: by which paths, and their filter as text. */
const sent: { readonly by: string; readonly filter: Document }[] = []
const onCommand = ({ commandName, command }: CommandStartedEvent): void => {
  const { find, sort, filter } = command as { find: string; sort?: Map<string, number>; filter: Document }
  if (commandName === 'find' && find === 'songs' && sort) sent.push({ by: [...sort.keys()].join(), filter })
}
beforeEach(() => {
  sent.length = 0
  stores.mongo.connection.client.on('commandStarted', onCommand)
})
afterEach(async () => {
  stores.mongo.connection.client.off('commandStarted', onCommand)
  await stores.mongo.connection.collection(Song).dropIndexes()
})

const asc = (path: string): OrderKey => ({ path, direction: 'asc' })
const desc = (path: string): OrderKey => ({ path, direction: 'desc' })

const shownAt = (document: (typeof documents)[number], path: string): string | number | null =>
  path === 'id'
    ? document._id
    : path === 'label'
      ? document.by.label
      : path === 'price'
        ? Number(document.price)
        : ((document as Document)[path] ?? null)

/** Ids in an order, worked out here. */
function sorted(order: readonly OrderKey[], keep: (document: (typeof documents)[number]) => boolean): number[] {
  const keys = [...order, { path: 'id', direction: order.at(-1)!.direction }]
  const compare = (a: (typeof documents)[number], b: (typeof documents)[number]): number => {
    for (const { path, direction } of keys) {
      const [x, y] = [shownAt(a, path), shownAt(b, path)]
      if (x === y) continue
      const less = x === null || (y !== null && x < y)
      return less === (direction === 'asc') ? -1 : 1
    }
    return 0
  }
  return documents
    .filter(keep)
    .toSorted(compare)
    .map(({ _id }) => _id)
}

async function walk(where: Where, order: readonly OrderKey[], pageSize: number, backward: boolean): Promise<unknown[]> {
  // A reader of its own knows no indexes of the last test
  const reader = mongoReader({ ...stores.mongo.connection, shares: stores.mongo.connection })
  const ids: unknown[] = []
  for (let edge: string | null = null; ; ) {
    const args: PageArgs = backward ? { last: pageSize, before: edge } : { first: pageSize, after: edge }
    const plan = planPage(Song, where, order, args)
    const paths = plan.shownOrder.map(({ path }) => path).filter((path) => path !== 'id')
    const { items, hasNextPage, hasPreviousPage } = cutPage(
      plan,
      await reader.query(Song, { ...plan, fields: fieldSet(Song, paths) }),
    )
    const found = items.map(({ record }) => record.id)
    ids.splice(backward ? 0 : ids.length, 0, ...found)
    if (!(backward ? hasPreviousPage : hasNextPage)) return ids
    edge = encodeCursor(Song, plan.shownOrder, (backward ? items[0] : items.at(-1))!.record as Rec)
  }
}

/** The same by offset. */
async function leaf(where: Where, order: readonly OrderKey[], limit: number): Promise<unknown[]> {
  const reader = mongoReader({ ...stores.mongo.connection, shares: stores.mongo.connection })
  const ids: unknown[] = []
  for (let offset = 0; ; offset += limit) {
    const plan = planOffset(Song, where, order, { limit, offset }, defaultBounds)
    const page = cutPage(plan, await reader.query(Song, { ...plan, fields: fieldSet(Song, []) }))
    ids.push(...page.items.map(({ record }) => record.id))
    if (!page.hasNextPage) return ids
  }
}

type Case = readonly [
  title: string,
  index: Document,
  order: readonly OrderKey[],
  served: 'total' | 'keys' | null,
  where: Where,
]

const odd: Where = { op: 'eq', path: 'kind', value: 'odd' }
const cases: readonly Case[] = [
  ['keys and id', { title: 1, _id: 1 }, [asc('title')], 'total', everything],
  ['keys and id, downwards', { title: 1, _id: 1 }, [desc('title')], 'total', everything],
  ['the key alone', { title: 1 }, [asc('title')], 'keys', everything],
  ['the key alone, downwards', { title: 1 }, [desc('title')], 'keys', everything],
  ['a key that is stored the other way', { title: -1 }, [asc('title')], 'keys', everything],
  ['the key alone, with a condition beside', { title: 1 }, [desc('title')], 'keys', odd],
  ['a member of an object', { 'by.label': 1 }, [asc('label')], 'keys', everything],
  ['two keys in two directions', { year: 1, title: -1 }, [asc('year'), desc('title')], 'keys', everything],
  ['the same the other way round', { year: 1, title: -1, _id: -1 }, [desc('year'), asc('title')], 'total', everything],
  ['two keys of which the index turns one', { year: 1, title: 1 }, [asc('year'), desc('title')], null, everything],
  ['a key behind one that is fixed', { kind: 1, title: 1 }, [asc('title')], 'keys', odd],
  ['a key behind one that is not', { kind: 1, title: 1 }, [asc('title')], null, everything],
  ['a key of which a client tells equal values apart', { price: 1 }, [desc('price')], 'keys', everything],
  ['nothing', { kind: 1 }, [asc('title')], null, everything],
]

describe('Pages of MongoDB', () => {
  test.each(cases)('by an index on %s', async (_title, index, order, served, where) => {
    await stores.mongo.connection.collection(Song).createIndex(index)
    const fresh = { ...stores.mongo.connection, shares: stores.mongo.connection }
    const plan = planPage(Song, where, order, {})
    expect(await servedBy(fresh, Song, { ...plan, fields: fieldSet(Song, []) })).toBe(served)
    const ids = sorted(order, ({ kind }) => where === everything || kind === 'odd')
    for (const pageSize of [1, 7, 50]) {
      expect(await walk(where, order, pageSize, false)).toEqual(ids)
      expect(await walk(where, order, pageSize, true)).toEqual(ids)
      expect(await leaf(where, order, pageSize)).toEqual(ids)
    }
  })

  test.each([
    { sparse: true },
    { partialFilterExpression: { year: 1991 } },
    { hidden: true },
    { collation: { locale: 'en', strength: 2 } },
  ])('are not taken from an index with %j, which holds fewer documents, or others in their place', async (options) => {
    await stores.mongo.connection.collection(Song).createIndex({ title: 1 }, options as never)
    const fresh = { ...stores.mongo.connection, shares: stores.mongo.connection }
    const plan = planPage(Song, everything, [asc('title')], {})
    expect(await servedBy(fresh, Song, { ...plan, fields: fieldSet(Song, []) })).toBe(null)
  })

  test('sort no more than lies between the first and the last key of the page', async () => {
    await stores.mongo.connection.collection(Song).createIndex({ title: 1 })
    const walked = [await walk(everything, [asc('title')], 6, false), await walk(everything, [desc('title')], 6, true)]
    expect(walked.map(({ length }) => length)).toEqual([size, size])
    const whole = sent.filter(({ by }) => by === 'title,_id')
    expect(whole.length).toBeGreaterThan(2)
    // Bounds at both ends; or, with nulls at one of them, the ranges up to the last key; or the last documents by id
    for (const { filter } of whole) {
      const bounds = Object.keys(filter['title'] ?? {})
      const ends = bounds.includes('$gte') && bounds.includes('$lte')
      expect(ends || '$or' in filter || '$in' in filter['_id']).toBe(true)
    }
    // What has one title, or none, is ordered by id alone
    expect(sent.filter(({ by }) => by === '_id').length).toBeGreaterThan(2)
    expect(new Set(sent.map(({ by }) => by))).toEqual(new Set(['title', 'title,_id', '_id']))
  })
})

test('a user who may not list collections and indexes gets the same pages', async () => {
  // What a server answers such a user; the one that tests run on has no rights to take away
  const refused = () => ({
    toArray: () => Promise.reject(new MongoServerError({ message: 'not authorized', code: 13 })),
  })
  const { connection } = stores.mongo
  const db = Object.create(connection.db, { listCollections: { value: refused } })
  const reader = mongoReader({ ...connection, db, shares: connection })
  const plan = planPage(Song, everything, [asc('year')], { first: 5 })
  const items = await reader.query(Song, { ...plan, fields: fieldSet(Song, ['year']) })
  expect(cutPage(plan, items).items.map(({ record }) => record.id)).toEqual(
    sorted([asc('year')], () => true).slice(0, 5),
  )
})
