import { boolean, decimal, defineEntity, float, int, list, long, text, timestamp } from 'crossfade'
import { Decimal128, Double, Long } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Aggregate, Group } from '../../src/query/aggregate.ts'
import { everything, type Where } from '../../src/query/where.ts'
import { copyAll, openStores, type TestStores } from '../support/stores.ts'

const Sale = defineEntity('Sale', {
  mongo: 'sales',
  postgres: 'sales',
  id: int(),
  fields: {
    shop: text({ nullIf: [''] }),
    year: int({ intPrefix: true }),
    paid: boolean(),
    amount: decimal(),
    weight: float(),
    units: long(),
    at: timestamp(),
    tags: list(text()),
  },
})

/** Its numbers are stored as other types than their kinds. */
const Odd = defineEntity('Odd', {
  mongo: 'odds',
  postgres: 'odds',
  id: int(),
  fields: { amount: decimal(), weight: float(), units: long() },
})

const d = (value: string): Decimal128 => Decimal128.fromString(value)

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Sale, Odd])
  await stores.mongo.connection.collection(Sale).insertMany([
    { _id: 1, shop: 'a', year: 2020, paid: true, amount: d('0.10'), weight: 6.98, units: 1, at: new Date(10) },
    {
      _id: 2,
      shop: 'a',
      year: '2020è',
      paid: true,
      amount: d('0.2'),
      weight: 0.1,
      units: Long.MAX_VALUE,
      at: new Date(5),
    },
    { _id: 3, shop: 'b', year: 2021, paid: false, amount: 3, weight: 0.2, units: 5 },
    { _id: 4, shop: '', year: 2021, amount: d('NaN'), weight: Number.NaN, units: 'x', at: new Date(-7) },
    { _id: 5, shop: 'é', year: [2020], paid: 'no', amount: d('1E-20'), weight: new Double(7), units: -2 },
    { _id: 6, shop: 'b', year: 2020, paid: false, amount: d('-5.5'), tags: ['x'] },
  ] as never[])
  await stores.mongo.connection.collection(Odd).insertMany([
    { _id: 1, amount: new Double(9007199254740991), weight: Long.fromString('9007199254740991'), units: 1 },
    { _id: 2, amount: Long.MAX_VALUE, weight: 5, units: new Double(9007199254740991) },
    { _id: 3, amount: d('0.5'), weight: new Double(0.1), units: d('7') },
    { _id: 4, amount: d('1E+400'), weight: Number.MAX_VALUE },
  ] as never[])
  for (const entity of [Sale, Odd]) await copyAll(stores, entity)
})
afterAll(() => stores.close())

const asked: Aggregate = { where: everything, by: [], measures: {}, having: [], order: [], limit: 100 }
const group = (by: unknown[], measures: object = {}): Group => ({ by, measures: { ...measures } })

const cases: readonly (readonly [title: string, asked: Partial<Aggregate>, groups: readonly Group[]])[] = [
  ['a count of everything', { measures: { n: { op: 'count' } } }, [group([], { n: 6 })]],
  [
    'sums are exact, nulls and dirty values left out',
    {
      measures: {
        amount: { op: 'sum', path: 'amount' },
        weight: { op: 'sum', path: 'weight' },
        units: { op: 'sum', path: 'units' },
      },
    },
    [group([], { amount: '-2.19999999999999999999', weight: '14.28', units: '9223372036854775811' })],
  ],
  [
    'averages divide the exact sum by the values that are there',
    {
      where: { op: 'lte', path: 'id', value: 3 },
      measures: { mean: { op: 'avg', path: 'amount' }, kg: { op: 'avg', path: 'weight' } },
    },
    [group([], { mean: 1.1, kg: 2.4266666666666667 })],
  ],
  [
    'the least and the greatest',
    {
      measures: {
        first: { op: 'min', path: 'at' },
        last: { op: 'max', path: 'at' },
        low: { op: 'min', path: 'amount' },
        high: { op: 'max', path: 'units' },
        name: { op: 'max', path: 'shop' },
        year: { op: 'min', path: 'year' },
      },
    },
    [
      group([], {
        first: new Date(-7),
        last: new Date(10),
        low: '-5.5',
        high: 9223372036854775807n,
        name: 'é',
        year: 2020,
      }),
    ],
  ],
  [
    'nothing at all',
    {
      where: { op: 'eq', path: 'shop', value: 'z' },
      measures: {
        n: { op: 'count' },
        s: { op: 'sum', path: 'amount' },
        a: { op: 'avg', path: 'units' },
        m: { op: 'min', path: 'at' },
      },
    },
    [group([], { n: 0, s: null, a: null, m: null })],
  ],
  [
    'groups, null and dirty values in one of them, first',
    { by: ['shop'], measures: { n: { op: 'count' } } },
    [group([null], { n: 1 }), group(['a'], { n: 2 }), group(['b'], { n: 2 }), group(['é'], { n: 1 })],
  ],
  ['distinct values are groups without measures', { by: ['year'] }, [group([null]), group([2020]), group([2021])]],
  [
    'groups by two fields',
    { by: ['paid', 'year'], measures: { n: { op: 'count' } } },
    [
      group([null, null], { n: 1 }),
      group([null, 2021], { n: 1 }),
      group([false, 2020], { n: 1 }),
      group([false, 2021], { n: 1 }),
      group([true, 2020], { n: 2 }),
    ],
  ],
  [
    'ordered by a count downwards, ties by the group',
    { by: ['shop'], measures: { n: { op: 'count' } }, order: [{ key: 'n', direction: 'desc' }], limit: 3 },
    [group(['a'], { n: 2 }), group(['b'], { n: 2 }), group([null], { n: 1 })],
  ],
  [
    'ordered by an average, groups without one first',
    { by: ['shop'], measures: { kg: { op: 'avg', path: 'weight' } }, order: [{ key: 'kg', direction: 'asc' }] },
    [group([null], { kg: null }), group(['b'], { kg: 0.2 }), group(['a'], { kg: 3.54 }), group(['é'], { kg: 7 })],
  ],
  [
    'ordered by a sum downwards',
    { by: ['shop'], measures: { s: { op: 'sum', path: 'amount' } }, order: [{ key: 's', direction: 'desc' }] },
    [group(['a'], { s: '0.3' }), group(['é'], { s: '1E-20' }), group(['b'], { s: '-2.5' }), group([null], { s: null })],
  ],
  [
    'ordered by the greatest, then by a field',
    {
      by: ['shop'],
      measures: { m: { op: 'max', path: 'year' } },
      order: [
        { key: 'm', direction: 'desc' },
        { key: 'shop', direction: 'desc' },
      ],
    },
    [group(['b'], { m: 2021 }), group([null], { m: 2021 }), group(['a'], { m: 2020 }), group(['é'], { m: null })],
  ],
  [
    'chosen by a count',
    { by: ['shop'], measures: { n: { op: 'count' } }, having: [{ measure: 'n', op: 'gte', value: '2' }] },
    [group(['a'], { n: 2 }), group(['b'], { n: 2 })],
  ],
  [
    'chosen by a sum and an average, exactly',
    {
      by: ['shop'],
      measures: { s: { op: 'sum', path: 'amount' }, kg: { op: 'avg', path: 'weight' } },
      having: [
        { measure: 's', op: 'eq', value: '0.30' },
        { measure: 'kg', op: 'gt', value: '3.5399999999999' },
      ],
    },
    [group(['a'], { s: '0.3', kg: 3.54 })],
  ],
  [
    'a group without values is not chosen',
    {
      by: ['shop'],
      measures: { kg: { op: 'avg', path: 'weight' } },
      having: [{ measure: 'kg', op: 'lt', value: '1' }],
    },
    [group(['b'], { kg: 0.2 })],
  ],
]

describe.each(['mongo', 'postgres'] as const)('Aggregates in %s', (origin) => {
  test.each(cases)('%s', async (_title, given, groups) => {
    expect(await stores[origin].reader.aggregate(Sale, { ...asked, ...given })).toEqual(groups)
  })

  test('numbers of other types count as their kind has them: the shortest text of a float, all of a long or decimal', async () => {
    const measures = Object.fromEntries(
      ['amount', 'weight', 'units'].map((path) => [path, { op: 'sum' as const, path }]),
    )
    const where: Where = { op: 'lt', path: 'id', value: 4 }
    expect(await stores[origin].reader.aggregate(Odd, { ...asked, where, measures })).toEqual([
      group([], { amount: '9232379236109516798.5', weight: '9007199254740996.1', units: '9007199254740992' }),
    ])
  })

  test('an average past the largest double is that', async () => {
    const where: Where = { op: 'eq', path: 'id', value: 4 }
    const measures = { a: { op: 'avg', path: 'amount' }, w: { op: 'avg', path: 'weight' } } as const
    expect(await stores[origin].reader.aggregate(Odd, { ...asked, where, measures })).toEqual([
      group([], { a: Number.MAX_VALUE, w: Number.MAX_VALUE }),
    ])
  })

  test.each<[Partial<Aggregate>, string]>([
    [{ measures: { s: { op: 'sum', path: 'shop' } } }, 'Sale: shop has no sum.'],
    [{ measures: { s: { op: 'min', path: 'paid' } } }, 'Sale: paid has no min.'],
    [{ measures: { s: { op: 'sum', path: 'tags' } } }, 'Sale: tags has no sum.'],
    [{ by: ['tags'] }, 'Sale: tags makes no groups.'],
    [{ order: [{ key: 'n', direction: 'asc' }] }, 'Sale: one group is neither chosen nor ordered.'],
    [{ by: ['shop'], order: [{ key: 'n', direction: 'asc' }] }, 'Sale: there is no measure n.'],
    [
      { by: ['shop'], measures: { n: { op: 'count' } }, having: [{ measure: 'n', op: 'gt', value: 'NaN' }] },
      'Sale: "NaN" is not a decimal.',
    ],
    [{ limit: 0 }, 'Sale: the limit must be a whole number between 1 and 10000, got 0.'],
    [{ limit: 1e12 }, 'Sale: the limit must be a whole number between 1 and 10000, got 1000000000000.'],
    [{ limit: 1.5 }, 'Sale: the limit must be a whole number between 1 and 10000, got 1.5.'],
    [
      {
        by: ['shop'],
        measures: { m: { op: 'avg', path: 'amount' } },
        having: [{ measure: 'm', op: 'gt', value: '0.777777777777777777777' }],
      },
      'Sale: an average must be held against at most 20 digits, got 0.777777777777777777777.',
    ],
  ])('%j is refused', async (given, message) => {
    await expect(stores[origin].reader.aggregate(Sale, { ...asked, ...given })).rejects.toThrow(message)
  })
})
