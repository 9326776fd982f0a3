import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fieldSet } from '../../src/entity/field-set.ts'
import { encodeCursor } from '../../src/query/cursor.ts'
import { planOffset } from '../../src/query/offset-page.ts'
import type { OrderKey } from '../../src/query/order.ts'
import { cutPage, defaultBounds, type PageArgs, planPage } from '../../src/query/page.ts'
import { everything } from '../../src/query/where.ts'
import type { Store } from '../../src/stores/store.ts'
import type { TestStores } from '../support/stores.ts'
import { found, openFleet } from './fleet.ts'
import { Vessel, type VesselName, vesselName, vesselNames } from './vessel.ts'

let stores: TestStores

beforeAll(async () => {
  stores = await openFleet()
})

afterAll(() => stores.close())

const asc = (path: string): OrderKey => ({ path, direction: 'asc' })
const desc = (path: string): OrderKey => ({ path, direction: 'desc' })

/** The same names the other way round. */
const back = (names: readonly VesselName[]): VesselName[] => [...names].reverse()

const byCrew: VesselName[] = ['merlin', 'aurora', 'kite']
const noCrew = vesselNames.filter((name) => !byCrew.includes(name))
const byBuilt: VesselName[] = ['jackdaw', 'aurora', 'kite', 'heron']
const noBuilt = vesselNames.filter((name) => !byBuilt.includes(name))

const orders: readonly (readonly [title: string, order: readonly OrderKey[], names: readonly VesselName[]])[] = [
  ['no order is that of ids', [], vesselNames],
  ['ids descending', [desc('id')], back(vesselNames)],
  ['nulls and dirty values come first ascending, ties by id', [asc('crew')], [...noCrew, ...byCrew]],
  [
    'nulls come last descending, and ties go by id in the same direction',
    [desc('crew')],
    ['kite', 'aurora', 'merlin', ...back(noCrew)],
  ],
  ['ties by id upwards where that is asked', [desc('crew'), asc('id')], ['aurora', 'kite', 'merlin', ...noCrew]],
  ['converted numbers', [asc('built')], [...noBuilt, ...byBuilt]],
  [
    'text by code point',
    [asc('callSign')],
    [
      'bounty',
      'comet',
      'delta',
      'echo',
      'fulmar',
      'grebe',
      'heron',
      'aurora',
      'kite',
      'lark',
      'merlin',
      'jackdaw',
      'ibis',
    ],
  ],
  [
    'instants across 1970',
    [desc('launched')],
    [
      'aurora',
      'jackdaw',
      'ibis',
      'merlin',
      'lark',
      'kite',
      'heron',
      'grebe',
      'fulmar',
      'echo',
      'delta',
      'comet',
      'bounty',
    ],
  ],
  [
    'doubles, without NaN and Infinity',
    [asc('draught')],
    [
      'bounty',
      'comet',
      'delta',
      'echo',
      'fulmar',
      'grebe',
      'heron',
      'ibis',
      'kite',
      'lark',
      'jackdaw',
      'aurora',
      'merlin',
    ],
  ],
  [
    'mixed directions, ties in that of the last key',
    [asc('engine.power'), desc('engine.maker')],
    [
      'lark',
      'kite',
      'ibis',
      'heron',
      'grebe',
      'fulmar',
      'echo',
      'delta',
      'comet',
      'bounty',
      'merlin',
      'jackdaw',
      'aurora',
    ],
  ],
  [
    'mixed directions the other way',
    [desc('engine.power'), asc('engine.maker'), desc('id')],
    [
      'aurora',
      'jackdaw',
      'merlin',
      'lark',
      'kite',
      'ibis',
      'heron',
      'grebe',
      'fulmar',
      'echo',
      'delta',
      'comet',
      'bounty',
    ],
  ],
  [
    'a key of another name, nulls in the middle of two keys',
    [desc('seen'), asc('name')],
    [
      'aurora',
      'lark',
      'fulmar',
      'grebe',
      'kite',
      'bounty',
      'comet',
      'delta',
      'echo',
      'heron',
      'ibis',
      'jackdaw',
      'merlin',
    ],
  ],
  ['a key that is named twice counts once', [asc('crew'), desc('crew')], [...noCrew, ...byCrew]],
  ['booleans', [desc('active'), desc('id')], ['aurora', ...back(vesselNames.filter((name) => name !== 'aurora'))]],
]

interface Walked {
  readonly names: VesselName[]
  readonly cursors: string[]
}

/** All pages of an order to its end, forward or backward, as a client walks them. */
async function walk(store: Store, order: readonly OrderKey[], size: number, backward: boolean): Promise<Walked> {
  const names: VesselName[] = []
  const cursors: string[] = []
  let edge: string | null = null
  for (;;) {
    const args: PageArgs = backward ? { last: size, before: edge } : { first: size, after: edge }
    const plan = planPage(Vessel, everything, order, args)
    const fields = fieldSet(
      Vessel,
      plan.shownOrder.map(({ path }) => path).filter((path) => path !== 'id'),
    )
    const items = await store.reader.query(Vessel, { ...plan, fields })
    const page = cutPage(plan, items)
    const shown = page.items.map(({ record }) => vesselName(record.id))
    const made = page.items.map(({ record }) => encodeCursor(Vessel, plan.shownOrder, record))
    names.splice(backward ? 0 : names.length, 0, ...shown)
    cursors.splice(backward ? 0 : cursors.length, 0, ...made)
    if (!(backward ? page.hasPreviousPage : page.hasNextPage)) return { names, cursors }
    expect(page.items).toHaveLength(size)
    edge = (backward ? made[0] : made.at(-1))!
  }
}

describe.each(['mongo', 'postgres'] as const)('Orders and pages of %s', (origin) => {
  test.each(orders)('order: %s', async (_title, order, names) => {
    expect(await found(stores[origin], everything, order)).toEqual(names)
  })

  test.each(orders)('pages forward: %s', async (_title, order, names) => {
    for (const size of [1, 4]) expect((await walk(stores[origin], order, size, false)).names).toEqual(names)
  })

  test.each(orders)('pages by offset: %s', async (_title, order, names) => {
    for (const offset of [0, 1, 5, names.length - 1, names.length, names.length + 3]) {
      const plan = planOffset(Vessel, everything, order, { limit: 4, offset }, defaultBounds)
      const page = cutPage(plan, await stores[origin].reader.query(Vessel, { ...plan, fields: fieldSet(Vessel, []) }))
      expect(page.items.map(({ record }) => vesselName(record.id))).toEqual(names.slice(offset, offset + 4))
      expect(page.hasNextPage).toBe(offset + 4 < names.length)
    }
  })

  test.each(orders)('pages backward: %s', async (_title, order, names) => {
    for (const size of [1, 5]) expect((await walk(stores[origin], order, size, true)).names).toEqual(names)
  })

  test('a page of none says that there is more', async () => {
    const plan = planPage(Vessel, everything, [], { first: 0 })
    const items = await stores[origin].reader.query(Vessel, { ...plan, fields: fieldSet(Vessel, []) })
    expect(cutPage(plan, items)).toMatchObject({ items: [], hasNextPage: true, hasPreviousPage: false })
  })

  test.each(orders)('pages between cursors: %s', async (_title, order, names) => {
    const { cursors } = await walk(stores[origin], order, 100, false)
    const shown = async (args: PageArgs): Promise<VesselName[]> => {
      const plan = planPage(Vessel, everything, order, args)
      const items = await stores[origin].reader.query(Vessel, { ...plan, fields: fieldSet(Vessel, []) })
      return cutPage(plan, items).items.map(({ record }) => vesselName(record.id))
    }
    for (const at of [1, 6, 11]) {
      expect(await shown({ first: 20, before: cursors[at]! })).toEqual(names.slice(0, at))
      expect(await shown({ first: 2, before: cursors[at]! })).toEqual(names.slice(0, Math.min(at, 2)))
      expect(await shown({ last: 20, after: cursors[at]! })).toEqual(names.slice(at + 1))
      expect(await shown({ last: 2, after: cursors[at]! })).toEqual(names.slice(Math.max(at + 1, 11)))
    }
    expect(await shown({ first: 20, after: cursors[2]!, before: cursors[9]! })).toEqual(names.slice(3, 9))
    expect(await shown({ first: 3, after: cursors[2]!, before: cursors[9]! })).toEqual(names.slice(3, 6))
    expect(await shown({ last: 3, after: cursors[2]!, before: cursors[9]! })).toEqual(names.slice(6, 9))
    expect(await shown({ first: 3, after: cursors[9]!, before: cursors[2]! })).toEqual([])
  })

  test('lists and json cannot be sorted by', async () => {
    await expect(found(stores[origin], everything, [asc('flags')])).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    await expect(found(stores[origin], everything, [asc('papers')])).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  })
})

test.each(orders)('cursors mean the same in both stores: %s', async (_title, order) => {
  const [mongo, postgres] = await Promise.all([
    walk(stores.mongo, order, 100, false),
    walk(stores.postgres, order, 100, false),
  ])
  expect(mongo.cursors).toEqual(postgres.cursors)
  expect(new Set(mongo.cursors).size).toBe(13)
})
