import { compositeId, defineEntity, embed, idOf, int, list, long, partsOf, text } from 'crossfade'
import { sql } from 'kysely'
import { Decimal128, type Document, Double, Int32, Long } from 'mongodb'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Id } from '../../src/entity/entity.ts'
import { allFields } from '../../src/entity/field-set.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { encodeCursor } from '../../src/query/cursor.ts'
import type { FilterOf } from '../../src/query/filter-of.ts'
import { type Direction, totalOrder } from '../../src/query/order.ts'
import { type PageArgs, planPage } from '../../src/query/page.ts'
import { where } from '../../src/query/parse-filter.ts'
import { planPatch } from '../../src/query/patch.ts'
import { everything, type Where } from '../../src/query/where.ts'
import { schemaDrift } from '../../src/stores/postgres/schema-diff.ts'
import type { Item, Store } from '../../src/stores/store.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { copyAll, emptyStores, openStores, type TestStores } from '../support/stores.ts'

const key = () => compositeId({ store: text(), number: int() })
const Stock = defineEntity('Stock', {
  mongo: 'stocks',
  postgres: 'stocks',
  id: key(),
  fields: {
    name: text().required(),
    store: text().at('_id.store').required().index(),
    number: int().at('_id.number'),
    besideId: key().at('beside').references('Stock').index(),
    around: list(key()),
    labels: list(text()).childTable('stock_labels'),
    parts: list(embed({ stockId: key(), count: int() })).childTable('stock_parts'),
  },
})

const Reading = defineEntity('Reading', {
  mongo: 'readings',
  postgres: 'readings',
  id: compositeId({ of: text(), count: long() }),
  fields: { count: long().at('_id.count') },
})

// Biased numbers of 64 bits behind UTF-8 that ends with a NUL, written down
const [noneLow, none7, aLeast, a12, a300] = [
  '007ffffffffffffffb',
  '008000000000000007',
  '61007fffffff80000000',
  '6100800000000000000c',
  '6100800000000000012c',
]
const [ab0, replaced, face] = ['6162008000000000000000', 'efbfbd008000000000000001', 'f09f9880008000000000000001']
/** In the order of both stores, each with the form in which it is stored. */
const stored: Readonly<Record<string, Document>> = {
  [noneLow]: { store: '', number: new Int32(-5) },
  [none7]: { store: '', number: new Double(7) },
  [aLeast]: { store: 'a', number: new Int32(-2147483648) },
  [a12]: { store: 'a', number: new Double(12) },
  [a300]: { store: 'a', number: Long.fromNumber(300) },
  [ab0]: { store: 'ab', number: Decimal128.fromString('0.0') },
  // Before what is past the BMP, though its code unit is above theirs
  [replaced]: { store: '\ufffd', number: new Int32(1) },
  [face]: { store: '\u{1f600}', number: new Int32(1) },
}
const ids = [noneLow, none7, aLeast, a12, a300, ab0, replaced, face]

const stocks: readonly Document[] = ids.map((id, n) => ({
  _id: stored[id],
  name: `stock ${n}`,
  beside: n < 4 ? stored[face] : n < 6 ? { store: 'a', number: new Int32(12) } : null,
  around: [stored[a300], { store: 'a', number: new Int32(1) }],
  labels: ['a', `b${n}`],
  parts: [{ stockId: stored[a12], count: n }],
}))

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Stock, Reading])
})
afterAll(() => stores.close())

const collection = () => stores.mongo.connection.collection(Stock)
const fill = async (): Promise<void> => {
  await emptyStores(stores)
  await collection().insertMany([...stocks] as Document[])
  await copyAll(stores, Stock, 3)
}

/** The names and BSON types of the parts of each stored id, in their order, by name of the record. */
async function types(): Promise<Record<string, string>> {
  const part = { $concat: ['$$part.k', ' ', { $type: '$$part.v' }] }
  const parts = { $map: { input: { $objectToArray: '$_id' }, as: 'part', in: part } }
  const found = await collection()
    .aggregate<{ name: string; parts: string[] }>([{ $project: { _id: 0, name: 1, parts } }])
    .toArray()
  return Object.fromEntries(found.map(({ name, parts }) => [name, parts.join(', ')]))
}

const origins = ['mongo', 'postgres'] as const
const stamp = { epoch: 1, owed: true }
const fields = allFields(Stock)
const idsIn = async ({ reader }: Store): Promise<Id[]> =>
  (await reader.scan(Stock, { after: null, limit: 20 })).images.map(({ id }) => id)
const idsOf = (items: readonly Item[]): Id[] => items.map(({ record }) => record.id)

describe.each(origins)('Ids that are objects, read from %s', (origin) => {
  beforeAll(fill)
  const read = (asked: Where, args: PageArgs = { first: 100 }, path = 'id', direction: Direction = 'asc') => {
    const plan = planPage(Stock, asked, [{ path, direction }], args)
    return stores[origin].reader.query(Stock, { ...plan, fields })
  }

  test('are found by all of their parts, whose fields they fill', async () => {
    const others = [idOf(Stock, { store: 'a', number: 13 }), idOf(Stock, { store: 'A', number: 12 })]
    const found = await stores[origin].reader.byIds(Stock, [...ids.toReversed(), ...others], fields)
    expect([...found.keys()].toSorted()).toEqual(ids.toSorted())
    expect(found.get(ab0)?.record).toEqual({
      id: ab0,
      name: 'stock 5',
      store: 'ab',
      number: 0,
      besideId: a12,
      around: [a300, idOf(Stock, { store: 'a', number: 1 })],
      labels: ['a', 'b5'],
      parts: [{ stockId: a12, count: 5 }],
    })
  })

  test.each(['asc', 'desc'] as const)('order pages part by part, %s', async (direction) => {
    const order = totalOrder(Stock, [{ path: 'id', direction }])
    const expected = direction === 'asc' ? ids : ids.toReversed()
    const walked: Id[] = []
    for (let after: string | null = null; ; ) {
      const [item] = await read(everything, { first: 1, after }, 'id', direction)
      if (!item) break
      walked.push(item.record.id)
      after = encodeCursor(Stock, order, item.record)
    }
    expect(walked).toEqual(expected)
  })

  test('are ordered by one of their parts, alike by the id', async () => {
    expect(idsOf(await read(everything, { first: 100 }, 'number'))).toEqual([
      aLeast,
      noneLow,
      ab0,
      replaced,
      face,
      none7,
      a12,
      a300,
    ])
    expect(idsOf(await read(everything, { first: 100 }, 'store', 'desc'))).toEqual([
      face,
      replaced,
      ab0,
      a300,
      a12,
      aLeast,
      none7,
      noneLow,
    ])
  })

  test.each<[FilterOf<typeof Stock>, readonly string[]]>([
    [{ id: { in: [a12, face.toUpperCase(), idOf(Stock, { store: 'b', number: 1 })] } }, [a12, face]],
    [{ id: { notIn: [a12, face] } }, [noneLow, none7, aLeast, a300, ab0, replaced]],
    [{ id: { gt: a12 } }, ids.slice(4)],
    [{ id: { lte: a300 } }, ids.slice(0, 5)],
    [{ store: { eq: 'a' } }, [aLeast, a12, a300]],
    [{ store: { startsWith: 'a' }, number: { gte: 0 } }, [a12, a300, ab0]],
    [{ number: { in: [0, 12] } }, [a12, ab0]],
    [{ number: { lt: 0 } }, [noneLow, aLeast]],
    [{ store: { eq: null } }, []],
    [{ besideId: { eq: face } }, ids.slice(0, 4)],
    [{ besideId: { eq: a12 } }, ids.slice(4, 6)],
    [{ besideId: { eq: null } }, ids.slice(6)],
    [{ besideId: { lt: face } }, ids.slice(4, 6)],
    [{ around: { has: a300 } }, ids],
    [{ around: { has: a12 } }, []],
    [{ parts: { some: { stockId: { eq: a12 }, count: { lt: 2 } } } }, ids.slice(0, 2)],
  ])('are asked for: %j', async (filter, found) => {
    const asked = where(Stock, filter)
    expect(idsOf(await read(asked))).toEqual(found)
    expect(await stores[origin].reader.count(Stock, asked)).toBe(found.length)
  })

  test('hold the children of many parents together, by a reference and by a part', async () => {
    const { reader } = stores[origin]
    const order = totalOrder(Stock, [])
    const per = async (path: string, values: readonly string[]) => {
      const groups = await reader.queryPer(Stock, { path, values, where: everything, order, limit: 3, fields })
      return [...groups].map(([value, items]) => [value, idsOf(items)])
    }
    expect(new Map((await per('besideId', [face, a12, a300])) as [])).toEqual(
      new Map([
        [face, ids.slice(0, 3)],
        [a12, ids.slice(4, 6)],
      ]),
    )
    expect(await reader.countPer(Stock, 'besideId', [face, a12, a300], everything)).toEqual(
      new Map([
        [face, 4],
        [a12, 2],
      ]),
    )
    expect(new Map((await per('store', ['a', '', 'none'])) as [])).toEqual(
      new Map([
        ['', [noneLow, none7]],
        ['a', [aLeast, a12, a300]],
      ]),
    )
    expect(await reader.countPer(Stock, 'store', ['a', '', 'none'], everything)).toEqual(
      new Map([
        ['', 2],
        ['a', 3],
      ]),
    )
  })

  test('make groups, and have a first and a last', async () => {
    const asked = { where: everything, having: [], order: [], limit: 10 }
    const ends = { first: { op: 'min', path: 'id' }, last: { op: 'max', path: 'id' } } as const
    const groups = await stores[origin].reader.aggregate(Stock, { ...asked, by: ['besideId'], measures: ends })
    expect(groups).toEqual([
      { by: [null], measures: { first: replaced, last: face } },
      { by: [a12], measures: { first: a300, last: ab0 } },
      { by: [face], measures: { first: noneLow, last: a12 } },
    ])
  })

  test('come in order from scans and streams, and from behind any of them', async () => {
    const { reader } = stores[origin]
    const scanned = await reader.scan(Stock, { after: aLeast, upTo: a300, limit: 10 })
    expect(scanned.images.map(({ id }) => id)).toEqual([a12, a300])
    const streamed: Id[] = []
    for await (const { images } of reader.stream(Stock, { after: noneLow, limit: 2, surveyed: true }))
      streamed.push(...images.map(({ id }) => id))
    expect(streamed).toEqual(ids.slice(1))
    const others = await reader.ids(Stock, { after: aLeast, upTo: null }, 10, [a12, face])
    expect(others.toSorted()).toEqual([a300, ab0, replaced])
  })
})

describe.each(origins)('Ids that are objects, written by %s', (origin) => {
  beforeEach(fill)
  const other = origin === 'mongo' ? 'postgres' : 'mongo'

  test.each(ids)('%s is changed, owed, mirrored and removed as one record', async (id) => {
    const { authority, outbox } = stores[origin]
    const { replica, reader } = stores[other]
    const before = await types()
    const name = `stock ${ids.indexOf(id)}`
    const image = await authority.patch(Stock, id, planPatch(Stock, { besideId: noneLow }), stamp)
    expect(image?.record).toMatchObject({ id, name, besideId: noneLow, ...partsOf(Stock, id) })
    expect(await outbox.owed(Stock, 0, 10)).toEqual([id])
    expect([...(await outbox.owedFor(Stock, ids)).keys()]).toEqual([id])
    const put = async () => replica.bulkPut(Stock, await outbox.images(Stock, [id]), anyEpoch)
    expect(await put()).toEqual([{ put: 'applied' }])
    expect((await reader.byIds(Stock, ids, fields)).get(id)?.record).toEqual(image!.record)
    await outbox.clear(Stock, [{ id, version: image!.version, deleted: false }])
    expect(await outbox.owed(Stock, 0, 10)).toEqual([])
    // What is there keeps its form
    expect(await types()).toEqual(before)

    await authority.owe(Stock, [id])
    expect(await outbox.owed(Stock, 0, 10)).toEqual([id])
    const tombstone = await authority.delete(Stock, id, stamp)
    expect(tombstone).toMatchObject({ id, record: null })
    expect(await outbox.buriedAt(Stock, id)).toEqual(tombstone!.version)
    expect(await put()).toEqual([{ put: 'applied' }])
    for (const store of [stores.mongo, stores.postgres])
      expect(await idsIn(store)).toEqual(ids.filter((each) => each !== id))
    await authority.owe(Stock, [id])
    expect(await outbox.owed(Stock, 0, 10)).toEqual([id])
    // A late put does not bring it back
    expect(await replica.bulkPut(Stock, [image!], anyEpoch)).toEqual([{ put: 'late' }])
  })

  test('a new one has its members in their order, and nothing else says them', async () => {
    const { authority, outbox } = stores[origin]
    const id = idOf(Stock, { number: -7, store: 'ä' })
    expect(id).toBe('c3a4007ffffffffffffff9')
    const record = newRecord(Stock, id, { name: 'new', besideId: a300, around: [id], labels: ['x'] })
    const image = await authority.create(Stock, record, stamp)
    expect(image.record).toEqual({ ...record, store: 'ä', number: -7, parts: null })
    expect(await stores[other].replica.bulkPut(Stock, await outbox.images(Stock, [id]), anyEpoch)).toEqual([
      { put: 'applied' },
    ])
    for (const { reader } of [stores.mongo, stores.postgres])
      expect((await reader.byIds(Stock, [id], fields)).get(id)?.record).toEqual(image.record)
    expect((await types())['new']).toBe('store string, number int')
    const document = await collection().findOne({ name: 'new' } as Document)
    const { _cf, ...held } = document as Document
    expect(held).toEqual({
      _id: { store: 'ä', number: -7 },
      name: 'new',
      beside: { store: 'a', number: 300 },
      around: [{ store: 'ä', number: -7 }],
      labels: ['x'],
    })
    await expect(authority.create(Stock, record, stamp)).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('one is put again, whatever its parts are said to be', async () => {
    const { authority } = stores[origin]
    const image = await authority.patch(Stock, a300, planPatch(Stock, { name: 'changed' }), stamp)
    const spoilt = { ...image!, record: { ...image!.record!, store: 'spoilt' } }
    await stores.mongo.replica.bulkPut(Stock, [{ ...spoilt, version: { epoch: 2, counter: 1 } }], anyEpoch)
    expect((await stores.mongo.reader.byIds(Stock, [a300], fields)).get(a300)?.record).toEqual(image!.record)
    const document = await collection().findOne({ name: 'changed' } as Document)
    expect(document?._id).toEqual({ store: 'a', number: 300 })
  })

  test('one that is taken is taken', async () => {
    // Stand-in (SecantusDB): inside of an object it takes numbers of other types for other keys where one is inserted, and
    // there alone; MongoDB does not
    for (const id of [noneLow, aLeast, face])
      await expect(
        stores[origin].authority.create(Stock, newRecord(Stock, id, { name: 'b' }), stamp),
      ).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})

test('Their columns are texts in the order of bytes, and parts have columns of their own', async () => {
  await fill()
  const { connection } = stores.postgres
  expect(await schemaDrift(connection, [Stock])).toEqual([])
  const columns = await connection.run<{ name: string; type: string }>(
    sql`select table_name || '.' || column_name as name, data_type || coalesce(' ' || collation_name, '') as type
        from information_schema.columns where table_schema = 'public'
        and column_name in ('id', 'parent_id', 'beside_id', 'stock_id', 'store', 'number') order by 1`,
  )
  expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'readings.id text C',
    'stock_labels.parent_id text C',
    'stock_parts.parent_id text C',
    'stock_parts.stock_id text C',
    'stocks.beside_id text C',
    'stocks.id text C',
    'stocks.number integer',
    'stocks.store text C',
  ])
  const rows = await connection.run(sql`select store, number from stocks order by id limit 3`)
  expect(rows).toEqual([
    { store: '', number: -5 },
    { store: '', number: 7 },
    { store: 'a', number: -2147483648 },
  ])
})

test('A field has the part wherever the id has one, in whatever number type', async () => {
  const past = Long.fromString('9007199254740993') // 2^53 + 1, which no double holds
  const counts = [Decimal128.fromString('5.0'), new Int32(6), new Double(7), past]
  await stores.mongo.connection
    .collection(Reading)
    .insertMany(counts.map((count) => ({ _id: { of: 'a', count } })) as Document[])
  await copyAll(stores, Reading, 3)
  const order = totalOrder(Reading, [{ path: 'count', direction: 'asc' }])
  for (const { reader } of [stores.mongo, stores.postgres]) {
    const above = async (gte: bigint) => {
      const asked = { where: where(Reading, { count: { gte } }), order, limit: 9, fields: allFields(Reading) }
      return (await reader.query(Reading, asked)).map(({ record }) => record['count'])
    }
    expect(await above(5n)).toEqual([5n, 6n, 7n, 9007199254740993n])
    expect(await above(9007199254740993n)).toEqual([9007199254740993n])
  }
})

test.each(['by itself', 'in a transaction'])('A delete that was cut off is taken over by a create %s', async (how) => {
  await fill()
  const deleted = { epoch: 1, at: new Long(5), n: new Long(1), deleted: true }
  const { authority, reader } = stores.mongo
  // Stand-in (SecantusDB): not those with numbers of other types, which it would insert beside them; MongoDB would not
  for (const id of [noneLow, face]) {
    await collection().updateOne({ _id: stored[id] } as Document, { $set: { _cf: deleted } })
    const record = newRecord(Stock, id, { name: 'again' })
    if (how === 'by itself') await authority.create(Stock, record, stamp)
    else
      await authority.together(
        (steps) => steps.create(Stock, record, stamp),
        () => undefined,
      )
    expect((await reader.byIds(Stock, [id], fields)).get(id)?.record).toMatchObject({ id, name: 'again', labels: null })
  }
})

test('A document whose id is no object of these members, in their order, is no record, and is told', async () => {
  await fill()
  const dirty: unknown[] = [
    { number: 5, store: 'x' },
    { store: 'x' },
    { store: 'x', number: 5, more: 1 },
    { store: 'x', number: '5' },
    { store: 'x', number: 5.5 },
    { store: 'x', number: 2 ** 31 },
    { store: 'x', number: null },
    { store: 7, number: 5 },
    { store: 'a\0b', number: 5 },
    {},
    '78008000000000000005',
  ]
  await collection().insertMany(dirty.map((_id) => ({ _id, name: 'dirty' }) as Document))
  const { reader } = stores.mongo
  const { images, quarantined } = await reader.scan(Stock, { after: null, limit: 20 })
  expect(images.map(({ id }) => id)).toEqual(ids)
  expect(quarantined.map(({ id }) => id).toSorted()).toEqual(
    [
      '{"number":{"$numberInt":"5"},"store":"x"}',
      '{"store":"x"}',
      '{"store":"x","number":{"$numberInt":"5"},"more":{"$numberInt":"1"}}',
      '{"store":"x","number":"5"}',
      '{"store":"x","number":{"$numberDouble":"5.5"}}',
      '{"store":"x","number":{"$numberLong":"2147483648"}}',
      '{"store":"x","number":null}',
      '{"store":{"$numberInt":"7"},"number":{"$numberInt":"5"}}',
      '{"store":"a\\u0000b","number":{"$numberInt":"5"}}',
      '{}',
      '"78008000000000000005"',
    ].toSorted(),
  )
  expect(new Set(quarantined.flatMap(({ issues }) => issues.map(({ path, rule }) => `${path} ${rule}`)))).toEqual(
    new Set(["_id is not of the id's kind, compositeId"]),
  )
  expect(await reader.count(Stock, everything)).toBe(ids.length)
  const order = totalOrder(Stock, [])
  expect(idsOf(await reader.query(Stock, { where: everything, order, limit: 20, fields }))).toEqual(ids)
  expect(await reader.count(Stock, where(Stock, { store: { eq: 'x' } }))).toBe(0)
})
