import { boolean, defineEntity, embed, int, text } from 'crossfade'
import { sql } from 'kysely'
import type { CreateIndexesOptions } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Entity } from '../../src/entity/entity.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { ensureConstraints } from '../../src/jobs/ensure-constraints.ts'
import { planPatch } from '../../src/query/patch.ts'
import type { Image } from '../../src/stores/store.ts'
import { origins } from '../../src/util/origin.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const promised = ['Plain', 'Sparse', 'Existing', 'OfTexts']
const phoneOf = (name: string) => (promised.includes(name) ? text().unique() : text())
type Values = Readonly<Record<string, unknown>>

const partial = (partialFilterExpression: object): CreateIndexesOptions => ({ unique: true, partialFilterExpression })
const taken = 'taken'
const fits = 'fits'

/** An index as MongoDB has it, and records that are created one after the other: whether each is taken or fits. */
const worlds: Record<string, [Record<string, 1>, CreateIndexesOptions, [Values, string][]]> = {
  Plain: [
    { phone: 1 },
    { unique: true },
    [
      [{ phone: '1' }, fits],
      [{ phone: '1' }, taken],
      [{}, fits],
      [{}, taken],
      [{ phone: null }, taken],
      [{ phone: '2' }, fits],
    ],
  ],
  Sparse: [
    { phone: 1 },
    { unique: true, sparse: true },
    [
      [{ phone: '1' }, fits],
      [{}, fits],
      [{}, fits],
      [{ phone: null }, fits],
      [{ phone: '1' }, taken],
    ],
  ],
  Existing: [
    { phone: 1 },
    partial({ phone: { $exists: true } }),
    [
      [{}, fits],
      [{}, fits],
      [{ phone: '' }, fits],
      [{ phone: '' }, taken],
    ],
  ],
  OfTexts: [
    { phone: 1 },
    partial({ phone: { $type: 'string' } }),
    [
      [{}, fits],
      [{}, fits],
      [{ phone: "o'1" }, fits],
      [{ phone: "o'1" }, taken],
    ],
  ],
  Compound: [
    { area: 1, phone: 1 },
    { unique: true },
    [
      [{ area: 1, phone: '1' }, fits],
      [{ area: 2, phone: '1' }, fits],
      [{ area: 1, phone: '1' }, taken],
      [{ area: 1 }, fits],
      [{ area: 1 }, taken],
      [{ area: 2 }, fits],
      [{ phone: '1' }, fits],
      [{ phone: '1' }, taken],
      [{}, fits],
      [{}, taken],
    ],
  ],
  SparseCompound: [
    { area: 1, phone: 1 },
    { unique: true, sparse: true },
    [
      [{}, fits],
      [{}, fits],
      [{ area: 1 }, fits],
      [{ area: 1 }, taken],
      [{ area: 2 }, fits],
    ],
  ],
  Active: [
    { phone: 1 },
    partial({ active: true }),
    [
      [{ phone: '1', active: false }, fits],
      [{ phone: '1', active: false }, fits],
      [{ phone: '1', active: true }, fits],
      [{ phone: '1', active: true }, taken],
      [{ active: true }, fits],
      [{ active: true }, taken],
      [{ active: false }, fits],
    ],
  ],
  Bounded: [
    { phone: 1 },
    partial({ $and: [{ area: { $gte: 10 } }, { area: { $lt: 20 } }, { phone: { $exists: true } }] }),
    [
      [{ phone: '1', area: 9 }, fits],
      [{ phone: '1', area: 10 }, fits],
      [{ phone: '1', area: 20 }, fits],
      [{ phone: '1', area: 19 }, taken],
      [{ area: 10 }, fits],
      [{ area: 10 }, fits],
    ],
  ],
  SparseInner: [
    { 'home.line': 1 },
    { unique: true, sparse: true },
    [
      [{ home: { line: '1' } }, fits],
      [{ home: { line: null } }, fits],
      [{ home: { line: null } }, fits],
      [{ home: { line: '1' } }, taken],
    ],
  ],
  Inner: [
    { 'home.line': 1 },
    { unique: true },
    [
      [{ home: { line: '1' } }, fits],
      [{ home: { line: '1' } }, taken],
      [{}, fits],
      [{ home: { line: null } }, taken],
      [{ home: { line: '2' } }, fits],
    ],
  ],
}

const entityOf = (name: string) =>
  defineEntity(name, {
    mongo: name.toLowerCase(),
    postgres: name.toLowerCase(),
    id: int(),
    fields: {
      phone: phoneOf(name),
      area: int(),
      active: boolean(),
      home: embed({ line: name.endsWith('Inner') ? text().unique() : text() }),
    },
  })
const entities = new Map(Object.keys(worlds).map((name) => [name, entityOf(name)]))
const stamp = { epoch: 1, owed: false }

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([...entities.values()])
  for (const [name, [keys, options]] of Object.entries(worlds))
    await stores.mongo.connection.collection(entities.get(name)!).createIndex(keys, options)
  await ensureConstraints(stores, [...entities.values()])
})
afterAll(() => stores.close())

describe.each(origins)('%s as authority', (origin) => {
  test.each(Object.keys(worlds))('counts null and missing as the index in MongoDB does: %s', async (name) => {
    const entity = entities.get(name)!
    const [, , records] = worlds[name]!
    const { authority } = stores[origin]
    const outcomes: string[] = []
    for (const [id, [values]] of records.entries()) {
      const made = authority.create(entity, newRecord(entity, id + 1, values), stamp)
      outcomes.push(
        await made.then(
          () => fits,
          (error: { code: string }) => (error.code === 'CONFLICT' ? taken : error.code),
        ),
      )
    }
    expect(outcomes).toEqual(records.map(([, outcome]) => outcome))
  })

  test.each([
    ['Sparse', { phone: 'a' }, { phone: 'b' }, { phone: null }],
    ['SparseInner', { home: { line: 'a' } }, { home: { line: 'b' } }, { home: { line: null } }],
  ])('a value that becomes null is unset, so that it counts as missing: %s', async (name, a, b, none) => {
    const entity = entities.get(name)!
    const { authority } = stores[origin]
    await authority.create(entity, newRecord(entity, 20, a), stamp)
    await authority.create(entity, newRecord(entity, 21, b), stamp)
    for (const id of [20, 21])
      expect((await authority.patch(entity, id, planPatch(entity, none), stamp))?.record).toMatchObject(none)
  })

  test('a mirror unsets a value that becomes null', async () => {
    const entity = entities.get('Sparse')!
    const image = (id: number, phone: string | null, counter: number) => {
      const record = newRecord(entity, id, { phone })
      return { id, version: { epoch: 1, counter }, pending: false, record, rest: null, issues: [] }
    }
    const { replica } = stores[origin]
    await replica.bulkPut(entity, [image(30, 'm', 1), image(31, 'n', 1)], anyEpoch)
    const applied = { put: 'applied' }
    expect(await replica.bulkPut(entity, [image(30, null, 2), image(31, null, 2)], anyEpoch)).toEqual([
      applied,
      applied,
    ])
  })

  test('a mirror that is refused says who holds the value, null among the values', async () => {
    const entity = entities.get('Compound')!
    const record = newRecord(entity, 99, { area: 1 })
    const image = { id: 99, version: { epoch: 1, counter: 1 }, pending: false, record, rest: null, issues: [] }
    expect(await stores[origin].replica.bulkPut(entity, [image], anyEpoch)).toMatchObject([{ put: 'blocked', by: [4] }])
  })
})

const imageOf = (entity: Entity, id: number, values: Values, counter: number): Image => {
  const record = newRecord(entity, id, values)
  return { id, version: { epoch: 1, counter }, pending: false, record, rest: null, issues: [] }
}

test.each<[string, Values, Values]>([
  ['Plain', { phone: 'p' }, { phone: 'q' }],
  ['Active', { phone: 'p', active: true }, { phone: 'q', active: true }],
  ['Compound', { area: 7, phone: 'p' }, { area: 7 }],
  ['SparseCompound', { area: 7, phone: 'p' }, { phone: 'q' }],
  ['Plain', { phone: 'r' }, { phone: null }],
])('records exchange values under the key in PostgreSQL, null among them: %s', async (name, a, b) => {
  const entity = entities.get(name)!
  const { replica } = stores.postgres
  await stores.postgres.connection.run(sql`truncate ${sql.id(entity.postgres)}`)
  const applied = { put: 'applied' }
  expect(await replica.bulkPut(entity, [imageOf(entity, 1, a, 1), imageOf(entity, 2, b, 1)], anyEpoch)).toEqual([
    applied,
    applied,
  ])
  expect(await replica.bulkPut(entity, [imageOf(entity, 1, b, 2), imageOf(entity, 2, a, 2)], anyEpoch)).toEqual([
    applied,
    applied,
  ])
  // An older image replaces nothing
  expect(await replica.bulkPut(entity, [imageOf(entity, 1, a, 1), imageOf(entity, 2, b, 1)], anyEpoch)).toEqual([
    { put: 'late' },
    { put: 'late' },
  ])
  const found = await stores.postgres.outbox.images(entity, [1, 2])
  expect(found.map(({ record }) => record)).toEqual([newRecord(entity, 1, b), newRecord(entity, 2, a)])
})

test('records exchange a value for none in MongoDB, too', async () => {
  const entity = entities.get('Plain')!
  const { replica, outbox, connection } = stores.mongo
  await connection.collection(entity).deleteMany({})
  await replica.bulkPut(entity, [imageOf(entity, 1, { phone: 'p' }, 11), imageOf(entity, 2, {}, 11)], anyEpoch)
  const swapped = [imageOf(entity, 1, {}, 12), imageOf(entity, 2, { phone: 'p' }, 12)]
  for (let round = 0; round < 3; round++) await replica.bulkPut(entity, swapped, anyEpoch)
  expect((await outbox.images(entity, [1, 2])).map(({ record }) => record)).toEqual(swapped.map(({ record }) => record))
})
