import { defineEntity, embed, int, list, longId, text } from 'crossfade'
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

const Crate = defineEntity('Crate', {
  mongo: 'crates',
  postgres: 'crates',
  id: longId(),
  fields: {
    name: text().required(),
    insideId: longId().at('inside').references('Crate').index(),
    around: list(longId()),
    labels: list(text()).childTable('crate_labels'),
    parts: list(embed({ crateId: longId(), count: int() })).childTable('crate_parts'),
  },
})

const past = '9007199254740993' // 2^53 + 1, which no double holds
const least = '-9223372036854775808'
const most = '9223372036854775807'
/** In the order of both stores, each with the form in which it is stored. */
const stored: Readonly<Record<string, unknown>> = {
  [least]: Long.MIN_VALUE,
  '-5': new Int32(-5),
  '1': new Long(1),
  '7': Decimal128.fromString('7.0'),
  '12': new Double(12),
  '9007199254740992': new Double(2 ** 53),
  [past]: Long.fromString(past),
  // Stand-in (SecantusDB): by a long it finds no double of more than 16 digits that are not zeros; MongoDB does
  '1000000000000000000': new Double(1e18),
  [most]: Long.MAX_VALUE,
}
const ids = [least, '-5', '1', '7', '12', '9007199254740992', past, '1000000000000000000', most]

const crates: readonly Document[] = ids.map((id, n) => ({
  _id: stored[id],
  name: `crate ${n}`,
  inside: n < 5 ? stored[past] : n < 7 ? new Double(12) : null,
  around: [Long.fromString(past), new Int32(1)],
  labels: ['a', `b${n}`],
  parts: [{ crateId: Long.MAX_VALUE, count: n }],
}))

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Crate])
})
afterAll(() => stores.close())

const collection = () => stores.mongo.connection.collection(Crate)
const fill = async (): Promise<void> => {
  await emptyStores(stores)
  await collection().insertMany([...crates] as Document[])
  await copyAll(stores, Crate, 3)
}

/** The BSON type of each stored id. */
async function types(): Promise<Record<string, string>> {
  const found = await collection()
    .aggregate<{ id: string; type: string }>([
      { $project: { _id: 0, id: { $toString: { $toLong: '$_id' } }, type: { $type: '$_id' } } },
    ])
    .toArray()
  return Object.fromEntries(found.map(({ id, type }) => [id, type]))
}

const origins = ['mongo', 'postgres'] as const
const stamp = { epoch: 1, owed: true }
const fields = allFields(Crate)
const idsIn = async ({ reader }: Store): Promise<Id[]> =>
  (await reader.scan(Crate, { after: null, limit: 20 })).images.map(({ id }) => id)
const idsOf = (items: readonly Item[]): Id[] => items.map(({ record }) => record.id)

describe.each(origins)('Ids that are longs, read from %s', (origin) => {
  beforeAll(fill)
  const read = (asked: Where, args: PageArgs = { first: 100 }, direction: Direction = 'asc') => {
    const plan = planPage(Crate, asked, [{ path: 'id', direction }], args)
    return stores[origin].reader.query(Crate, { ...plan, fields })
  }

  test('are found by every digit, in whatever number type they are stored', async () => {
    const found = await stores[origin].reader.byIds(Crate, [...ids.toReversed(), '9007199254740994', '5'], fields)
    expect([...found.keys()].toSorted()).toEqual(ids.toSorted())
    expect(found.get(past)?.record).toEqual({
      id: past,
      name: 'crate 6',
      insideId: '12',
      around: [past, '1'],
      labels: ['a', 'b6'],
      parts: [{ crateId: most, count: 6 }],
    })
  })

  test.each(['asc', 'desc'] as const)('order pages by their numbers, %s', async (direction) => {
    const order = totalOrder(Crate, [{ path: 'id', direction }])
    const expected = direction === 'asc' ? ids : ids.toReversed()
    const walked: Id[] = []
    for (let after: string | null = null; ; ) {
      const [item] = await read(everything, { first: 1, after }, direction)
      if (!item) break
      walked.push(item.record.id)
      after = encodeCursor(Crate, order, item.record)
    }
    expect(walked).toEqual(expected)
  })

  test.each<[FilterOf<typeof Crate>, readonly string[]]>([
    [{ id: { in: [past, '+012', '9007199254740995', 1] } }, ['1', '12', past]],
    [{ id: { notIn: [past, least] } }, ids.filter((id) => id !== past && id !== least)],
    [{ id: { gt: '9007199254740992' } }, ids.slice(6)],
    [{ id: { lte: past } }, ids.slice(0, 7)],
    [{ insideId: { eq: past } }, ids.slice(0, 5)],
    [{ insideId: { eq: null } }, ids.slice(7)],
    [{ insideId: { lt: past } }, ids.slice(5, 7)],
    [{ around: { has: past } }, ids],
    [{ around: { has: '9007199254740992' } }, []],
    [{ parts: { some: { crateId: { gte: most }, count: { lt: 2 } } } }, ids.slice(0, 2)],
    [{ parts: { some: { crateId: { eq: '9223372036854775806' } } } }, []],
  ])('are asked for by their numbers: %j', async (filter, found) => {
    const asked = where(Crate, filter)
    expect(idsOf(await read(asked))).toEqual(found)
    expect(await stores[origin].reader.count(Crate, asked)).toBe(found.length)
  })

  test('hold the children of many parents together', async () => {
    const { reader } = stores[origin]
    const order = totalOrder(Crate, [])
    const values = ['12', past, '9007199254740992', '1']
    const groups = await reader.queryPer(Crate, {
      path: 'insideId',
      values,
      where: everything,
      order,
      limit: 3,
      fields,
    })
    expect(new Map([...groups].map(([value, items]) => [value, idsOf(items)]))).toEqual(
      new Map([
        ['12', ids.slice(5, 7)],
        [past, ids.slice(0, 3)],
      ]),
    )
    expect(await reader.countPer(Crate, 'insideId', values, everything)).toEqual(
      new Map([
        ['12', 2],
        [past, 5],
      ]),
    )
  })

  test('make groups, and have a least and a greatest', async () => {
    const asked = { where: everything, having: [], order: [], limit: 10 }
    const ends = { least: { op: 'min', path: 'id' }, most: { op: 'max', path: 'id' } } as const
    const groups = await stores[origin].reader.aggregate(Crate, { ...asked, by: ['insideId'], measures: ends })
    expect(groups).toEqual([
      { by: [null], measures: { least: '1000000000000000000', most } },
      { by: ['12'], measures: { least: '9007199254740992', most: past } },
      { by: [past], measures: { least, most: '12' } },
    ])
  })

  test('come in order from scans and streams, and from behind any of them', async () => {
    const { reader } = stores[origin]
    const scanned = await reader.scan(Crate, { after: '9007199254740992', upTo: past, limit: 10 })
    expect(scanned.images.map(({ id }) => id)).toEqual([past])
    const streamed: Id[] = []
    for await (const { images } of reader.stream(Crate, { after: least, limit: 2, surveyed: true }))
      streamed.push(...images.map(({ id }) => id))
    expect(streamed).toEqual(ids.slice(1))
    const others = await reader.ids(Crate, { after: '1', upTo: null }, 10, ['12', past])
    expect(others.toSorted()).toEqual(['1000000000000000000', '7', '9007199254740992', most])
  })
})

describe.each(origins)('Ids that are longs, written by %s', (origin) => {
  beforeEach(fill)
  const other = origin === 'mongo' ? 'postgres' : 'mongo'

  test.each(ids)('%s is changed, owed, mirrored and removed as one record', async (id) => {
    const { authority, outbox } = stores[origin]
    const { replica, reader } = stores[other]
    const before = await types()
    const image = await authority.patch(Crate, id, planPatch(Crate, { name: 'changed' }), stamp)
    expect(image?.record).toMatchObject({ id, name: 'changed', labels: ['a', `b${ids.indexOf(id)}`] })
    expect(await outbox.owed(Crate, 0, 10)).toEqual([id])
    expect([...(await outbox.owedFor(Crate, ids)).keys()]).toEqual([id])
    const put = async () => replica.bulkPut(Crate, await outbox.images(Crate, [id]), anyEpoch)
    expect(await put()).toEqual([{ put: 'applied' }])
    expect((await reader.byIds(Crate, ids, fields)).get(id)?.record).toEqual(image!.record)
    await outbox.clear(Crate, [{ id, version: image!.version, deleted: false }])
    expect(await outbox.owed(Crate, 0, 10)).toEqual([])
    // What is there keeps its form
    expect(await types()).toEqual(before)

    await authority.owe(Crate, [id])
    expect(await outbox.owed(Crate, 0, 10)).toEqual([id])
    const tombstone = await authority.delete(Crate, id, stamp)
    expect(tombstone).toMatchObject({ id, record: null })
    expect(await outbox.buriedAt(Crate, id)).toEqual(tombstone!.version)
    expect(await put()).toEqual([{ put: 'applied' }])
    for (const store of [stores.mongo, stores.postgres])
      expect(await idsIn(store)).toEqual(ids.filter((each) => each !== id))
    await authority.owe(Crate, [id])
    expect(await outbox.owed(Crate, 0, 10)).toEqual([id])
    // A late put does not bring it back
    expect(await replica.bulkPut(Crate, [image!], anyEpoch)).toEqual([{ put: 'late' }])
  })

  test.each(['9007199254740995', '-9007199254740995', '0'])('%s is a long where it is new', async (id) => {
    const { authority, outbox } = stores[origin]
    const record = newRecord(Crate, id, { name: 'new', insideId: past, around: [id], labels: ['x'] })
    const image = await authority.create(Crate, record, stamp)
    expect(image.record).toEqual({ ...record, parts: null })
    expect(await stores[other].replica.bulkPut(Crate, await outbox.images(Crate, [id]), anyEpoch)).toEqual([
      { put: 'applied' },
    ])
    for (const { reader } of [stores.mongo, stores.postgres])
      expect((await reader.byIds(Crate, [id], fields)).get(id)?.record).toEqual(image.record)
    expect((await types())[id]).toBe('long')
    await expect(authority.create(Crate, record, stamp)).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('one that is taken in another number type is taken', async () => {
    const create = (id: string) => stores[origin].authority.create(Crate, newRecord(Crate, id, { name: 'b' }), stamp)
    for (const id of ['-5', '7', '12', '1000000000000000000'])
      await expect(create(id)).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})

test('Their columns are bigints, as are those that refer to them', async () => {
  const { connection } = stores.postgres
  expect(await schemaDrift(connection, [Crate])).toEqual([])
  const columns = await connection.run<{ name: string; type: string }>(
    sql`select table_name || '.' || column_name as name, data_type as type from information_schema.columns
        where table_schema = 'public' and column_name in ('id', 'parent_id', 'inside_id', 'crate_id') order by 1`,
  )
  expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'crate_labels.parent_id bigint',
    'crate_parts.crate_id bigint',
    'crate_parts.parent_id bigint',
    'crates.id bigint',
    'crates.inside_id bigint',
  ])
})

test.each(['by itself', 'in a transaction'])('A delete that was cut off is taken over by a create %s', async (how) => {
  await fill()
  const before = await types()
  const deleted = { epoch: 1, at: new Long(5), n: new Long(1), deleted: true }
  const { authority, reader } = stores.mongo
  for (const id of ['-5', '7', '12', past]) {
    await collection().updateOne({ _id: stored[id] } as Document, { $set: { _cf: deleted } })
    const record = newRecord(Crate, id, { name: 'again' })
    if (how === 'by itself') await authority.create(Crate, record, stamp)
    else
      await authority.together(
        (steps) => steps.create(Crate, record, stamp),
        () => undefined,
      )
    expect((await reader.byIds(Crate, [id], fields)).get(id)?.record).toMatchObject({ id, name: 'again', labels: null })
  }
  expect(await types()).toEqual(before)
})

test('A document whose id is no whole number of 64 bits is no record, and is told', async () => {
  await fill()
  const dirty = [new Double(5.5), Decimal128.fromString('5.25'), '12', new Double(Number.NaN)]
  await collection().insertMany(dirty.map((_id) => ({ _id, name: 'dirty' }) as Document))
  const { reader } = stores.mongo
  const { images, quarantined } = await reader.scan(Crate, { after: null, limit: 20 })
  expect(images.map(({ id }) => id)).toEqual(ids)
  expect(quarantined.map(({ id, issues }) => [id, issues[0]!.path, issues[0]!.rule]).toSorted()).toEqual(
    [
      ['{"$numberDecimal":"5.25"}', '_id', "is not of the id's kind, longId"],
      ['{"$numberDouble":"5.5"}', '_id', "is not of the id's kind, longId"],
      ['{"$numberDouble":"NaN"}', '_id', "is not of the id's kind, longId"],
      ['"12"', '_id', "is not of the id's kind, longId"],
    ].toSorted(),
  )
  expect(await reader.count(Crate, everything)).toBe(ids.length)
  const order = totalOrder(Crate, [])
  expect(idsOf(await reader.query(Crate, { where: everything, order, limit: 20, fields }))).toEqual(ids)
})
