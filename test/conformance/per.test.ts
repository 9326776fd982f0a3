import { defineEntity, int, objectId, text } from 'crossfade'
import { type Document, ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fieldSet } from '../../src/entity/field-set.ts'
import { everything, type Where } from '../../src/query/where.ts'
import { copyAll, openStores, type TestStores } from '../support/stores.ts'

const Parcel = defineEntity('Parcel', {
  mongo: 'parcels',
  postgres: 'parcels',
  id: text(),
  fields: {
    ship: objectId().strict().references('Parcel').at('ship_id'),
    port: text().strict(),
    weight: int({ intPrefix: true }),
    label: text().unique().at('tag.label'),
  },
})

const ship = (n: number): string => `6600000000000000000000${String(n).padStart(2, '0')}`

const documents: readonly Document[] = [
  { _id: 'a', ship_id: new ObjectId(ship(1)), port: 'Oslo', weight: 3, tag: { label: 'red' } },
  { _id: 'b', ship_id: new ObjectId(ship(1)), port: 'Riga', weight: '2kg', tag: { label: 'blue' } },
  { _id: 'c', ship_id: new ObjectId(ship(1)), port: 'Oslo', weight: null, tag: { label: 'red' } },
  { _id: 'd', ship_id: new ObjectId(ship(1)), port: 'Oslo', weight: 3, tag: [{ label: 'red' }] },
  { _id: 'e', ship_id: new ObjectId(ship(2)), port: 'Oslo', weight: 1, tag: { label: 'green' } },
  { _id: 'f', ship_id: ship(2), port: 'Oslo', weight: 1 },
  { _id: 'g', port: 'Oslo', weight: 1 },
  { _id: 'h', ship_id: [new ObjectId(ship(2))], port: 'Oslo', weight: 1 },
]

let stores: TestStores

beforeAll(async () => {
  stores = await openStores([Parcel])
  await stores.mongo.connection.collection(Parcel).insertMany([...documents])
  await copyAll(stores, Parcel, 3)
})

afterAll(() => stores.close())

const inOslo: Where = { op: 'eq', path: 'port', value: 'Oslo' }

describe.each(['mongo', 'postgres'] as const)('Pages for many parents from %s', (origin) => {
  async function per(
    values: readonly unknown[],
    limit: number,
    where: Where = everything,
    offset = 0,
  ): Promise<object> {
    const order = [
      { path: 'weight', direction: 'desc' },
      { path: 'id', direction: 'asc' },
    ] as const
    const query = { path: 'ship', values, where, order, limit, offset, fields: fieldSet(Parcel, ['weight']) }
    const groups = await stores[origin].reader.queryPer(Parcel, query)
    return Object.fromEntries([...groups].map(([key, items]) => [key, items.map(({ record }) => record)]))
  }

  async function byLabel(labels: readonly string[]): Promise<object> {
    const order = [{ path: 'id', direction: 'asc' }] as const
    const query = { path: 'label', values: labels, where: everything, order, limit: 1, fields: fieldSet(Parcel, []) }
    const groups = await stores[origin].reader.queryPer(Parcel, query)
    return Object.fromEntries([...groups].map(([key, items]) => [key, items.map(({ record }) => record.id)]))
  }

  test('a look-up by a key that should be unique takes the lowest id, however many duplicates there are', async () => {
    expect(await byLabel(['blue', 'green', 'none'])).toEqual({ blue: ['b'], green: ['e'] })
    expect(await byLabel(['red', 'blue', 'green'])).toEqual({ red: ['a'], blue: ['b'], green: ['e'] })
    expect(await byLabel(['red', 'none'])).toEqual({ red: ['a'] })
    expect(await byLabel(['red'])).toEqual({ red: ['a'] })
    const { collection } = stores.mongo.connection
    const many = Array.from({ length: 20 }, (_, n) => ({ _id: `z${n}`, tag: { label: 'pink' } }))
    if (origin === 'mongo')
      await collection(Parcel).insertMany([...many, { _id: 'zz', tag: { label: 'grey' } }] as never)
    if (origin === 'mongo') await copyAll(stores, Parcel, 10)
    expect(await byLabel(['pink', 'grey'])).toEqual({ pink: ['z0'], grey: ['zz'] })
  })

  test('each parent has its own first records, in order', async () => {
    expect(await per([ship(1), ship(2), ship(3)], 3)).toEqual({
      [ship(1)]: [
        { id: 'a', weight: 3 },
        { id: 'd', weight: 3 },
        { id: 'b', weight: 2 },
      ],
      [ship(2)]: [{ id: 'e', weight: 1 }],
    })
  })

  test('one parent alone is the same', async () => {
    expect(await per([ship(1)], 2)).toEqual({
      [ship(1)]: [
        { id: 'a', weight: 3 },
        { id: 'd', weight: 3 },
      ],
    })
  })

  test('a condition holds within each parent', async () => {
    expect(await per([ship(1), ship(2)], 10, inOslo)).toEqual({
      [ship(1)]: [
        { id: 'a', weight: 3 },
        { id: 'd', weight: 3 },
        { id: 'c', weight: null },
      ],
      [ship(2)]: [{ id: 'e', weight: 1 }],
    })
  })

  test.each([everything, inOslo])('records of each parent are left out before its page', async (where) => {
    const [second] = Object.values(await per([ship(1), ship(2)], 1, where, 1))
    expect(second).toEqual([{ id: 'd', weight: 3 }])
    expect(await per([ship(1), ship(2)], 5, where, 3)).toEqual(
      where === inOslo ? {} : { [ship(1)]: [{ id: 'c', weight: null }] },
    )
    expect(await per([ship(1)], 1, where, 1)).toEqual({ [ship(1)]: [{ id: 'd', weight: 3 }] })
  })

  test('null is no parent', async () => {
    expect(await per([null], 10)).toEqual({})
  })

  test('no parents have no records', async () => {
    expect(await per([], 10)).toEqual({})
  })

  test('counts by parent; a parent without records has no entry', async () => {
    const { reader } = stores[origin]
    const counts = await reader.countPer(Parcel, 'ship', [ship(1), ship(2), ship(3), null], everything)
    expect(Object.fromEntries(counts)).toEqual({ [ship(1)]: 4, [ship(2)]: 1 })
    expect(Object.fromEntries(await reader.countPer(Parcel, 'ship', [ship(1)], inOslo))).toEqual({ [ship(1)]: 3 })
    const weights = await reader.countPer(Parcel, 'weight', [1, 2, 3], everything)
    expect([...weights].sort()).toEqual([
      [1, 4],
      [2, 1],
      [3, 2],
    ])
  })
})
