import {
  addToSet,
  binary,
  decimal,
  defineEntity,
  enumeration,
  increment,
  int,
  list,
  long,
  max,
  min,
  pull,
  uuid,
} from 'crossfade'
import { sql } from 'kysely'
import { Binary, Decimal128, type Document, Double, Int32, Long, Timestamp, UUID } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allFields } from '../../src/entity/field-set.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { totalOrder } from '../../src/query/order.ts'
import { planPatch } from '../../src/query/patch.ts'
import { everything, type Where } from '../../src/query/where.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Cargo = defineEntity('Cargo', {
  mongo: 'cargo',
  postgres: 'cargo',
  id: int(),
  fields: {
    price: decimal({ nullIf: [-1] }),
    grams: long(),
    ticket: uuid(),
    seal: binary(),
    state: enumeration(['open', 'held', 'done']).strict(),
    prices: list(decimal()),
    counts: list(long()),
    tickets: list(uuid()),
    seals: list(binary()),
    states: list(enumeration(['open', 'done'])).childTable('cargo_states'),
    weights: list(decimal()).childTable('cargo_weights'),
  },
})

const stamp = { epoch: 1, owed: false }
const origins = ['mongo', 'postgres'] as const
const ticket = '0198c5a3-7e1c-7bb2-8f4e-00a1b2c3d4e5'
const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64')

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Cargo])
})
afterAll(() => stores.close())

/** The document in Mongo, and what the mirror makes of it in Postgres. */
async function put(id: number, document: Document): Promise<readonly { path: string; rule: string }[]> {
  const { mongo, postgres } = stores
  await mongo.connection.collection(Cargo).replaceOne({ _id: id as never }, document, { upsert: true })
  const images = await mongo.outbox.images(Cargo, [id])
  await postgres.connection.run(sql`delete from cargo where id = ${id}`)
  await postgres.replica.bulkPut(Cargo, images, anyEpoch)
  return images[0]!.issues.map(({ path, rule }) => ({ path, rule }))
}

async function readBoth(id: number): Promise<unknown[]> {
  return Promise.all(
    origins.map(async (origin) => (await stores[origin].reader.byIds(Cargo, [id], allFields(Cargo))).get(id)?.record),
  )
}

const d = (text: string): Decimal128 => Decimal128.fromString(text)

/** Stored values, and what both stores read. */
const values: readonly (readonly [field: string, raw: unknown, value: unknown])[] = [
  ['price', d('12.50'), '12.50'],
  ['price', d('-0.0'), '0.0'],
  ['price', d('1E+3'), '1000'],
  ['price', d('0.0000001'), '1E-7'],
  ['price', d('0.00000001'), '1E-8'],
  ['price', d('1234567890123456789012345678901234'), '1234567890123456789012345678901234'],
  ['price', d('9.999999999999999999999999999999999E+6144'), '9.999999999999999999999999999999999E+6144'],
  ['price', d('1E-6176'), '1E-6176'],
  ['price', new Int32(7), '7'],
  ['price', Long.fromString('9223372036854775807'), '9223372036854775807'],
  ['price', new Double(5), '5'],
  ['price', d('-1.00'), null],
  ['price', d('-1.00000000000000000001'), '-1.00000000000000000001'],
  ['grams', Long.fromString('9007199254740993'), 9007199254740993n],
  ['grams', Long.MIN_VALUE, -9223372036854775808n],
  ['grams', Long.MAX_VALUE, 9223372036854775807n],
  ['grams', new Int32(-3), -3n],
  ['grams', new Double(1e18), 1000000000000000000n],
  ['ticket', new UUID(ticket), ticket],
  ['ticket', new UUID('ffffffff-ffff-ffff-ffff-ffffffffffff'), 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  ['seal', new Binary(Buffer.from([0, 255, 128])), 'AP+A'],
  ['seal', new Binary(Buffer.alloc(0)), ''],
  ['state', 'held', 'held'],
  ['prices', [d('1.10'), 2, d('0'), d('74910987379821071')], ['1.10', '2', '0', '74910987379821071']],
  ['counts', [Long.MIN_VALUE, 5], [-9223372036854775808n, 5n]],
  ['tickets', [new UUID(ticket)], [ticket]],
  ['seals', [new Binary(Buffer.from('"\\,{}')), new Binary(Buffer.alloc(0))], [base64('"\\,{}'), '']],
  ['states', ['done', 'open', 'done'], ['done', 'open', 'done']],
  ['weights', [d('0.1'), d('1E-100')], ['0.1', '1E-100']],
  ['weights', [], []],
]

/** Stored values that no record holds, and why. */
const dirty: readonly (readonly [field: string, raw: unknown, rule: string])[] = [
  ['price', d('NaN'), 'is not finite'],
  ['price', d('-Infinity'), 'is not finite'],
  ['price', new Double(6.1), 'is a double that is no exact decimal'],
  ['price', '6.1', 'is not a number'],
  ['grams', new Double(2 ** 63), 'is past 64 bits'],
  ['grams', new Double(1.5), 'is not a whole number'],
  ['grams', d('5'), 'is not a whole number of 64 bits'],
  ['grams', new Timestamp({ t: 1, i: 1 }), 'is not a whole number of 64 bits'],
  ['price', new Timestamp({ t: 1, i: 1 }), 'is not a number'],
  ['ticket', ticket, 'is not a UUID of binary subtype 4'],
  ['ticket', new Binary(Buffer.alloc(16), 3), 'is not a UUID of binary subtype 4'],
  ['ticket', new Binary(Buffer.alloc(16), 0), 'is not a UUID of binary subtype 4'],
  ['seal', new Binary(Buffer.from('x'), 5), 'is not binary of subtype 0'],
  ['seal', 'x', 'is not binary of subtype 0'],
  ['state', 'lost', 'is none of the values that the field allows'],
  ['state', 1, 'is not a string'],
]

describe('what is stored', () => {
  test.each(values)('%s: %s reads as %s', async (field, raw, value) => {
    expect(await put(1, { [field]: raw })).toEqual([])
    for (const record of await readBoth(1)) expect(record).toMatchObject({ [field]: value })
  })

  test.each(dirty)('%s: %s is null and an issue', async (field, raw, rule) => {
    expect(await put(1, { [field]: raw })).toEqual([{ path: field, rule }])
    for (const record of await readBoth(1)) expect(record).toMatchObject({ [field]: null })
  })
})

/** Decimals as they are stored, what is added, and the sum; undefined where a decimal can't hold it exactly. */
const sums: readonly (readonly [before: unknown, by: number | bigint | string, after: string | null | undefined])[] = [
  [d('0.10'), '0.2', '0.30'],
  [d('1.50'), '-1.5', '0.00'],
  [d('-0'), '-0.0', '0.0'],
  [d('2'), 3, '5'],
  [d('2'), 10n ** 20n, '100000000000000000002'],
  [null, '0.1', '0.1'],
  ['12.50', '1', '1'],
  [d('NaN'), '1', '1'],
  [new Int32(7), '0.5', '7.5'],
  [new Double(9007199254740991), '0.1', '9007199254740991.1'],
  [new Double(0.5), '1', '1'],
  [d('0'), '-1', null],
  [d('9999999999999999999999999999999998'), '1', '9999999999999999999999999999999999'],
  [d('9999999999999999999999999999999999'), '1', '1E+34'],
  [d('9999999999999999999999999999999999'), '2', undefined],
  [d('1E+33'), '0.1', undefined],
  [d('1E-40'), '1', undefined],
  [d('1E+40'), '-1', undefined],
  [d('1E-6176'), '-9E-6176', '-8E-6176'],
  [d('1E-6176'), '1E+6144', undefined],
  [d('9E+6144'), '-9E+6144', '0'],
]

describe.each(origins)('written by %s', (origin) => {
  const record = {
    price: '-12.34',
    grams: 2n ** 62n,
    ticket,
    seal: base64('\0\xff'),
    state: 'open' as const,
    prices: ['1E+40', '0'],
    counts: [1n],
    tickets: [ticket],
    seals: [base64('ab')],
    states: ['done', 'open'],
    weights: ['3'],
  }

  test('a record comes back as it was', async () => {
    const id = origin === 'mongo' ? 101 : 102
    const image = await stores[origin].authority.create(Cargo, newRecord(Cargo, id, record), stamp)
    expect(image.record).toEqual({ id, ...record })
    expect((await stores[origin].reader.byIds(Cargo, [id], allFields(Cargo))).get(id)?.record).toEqual({
      id,
      ...record,
    })
  })

  test('what the converter means as null is null when it is written', async () => {
    const id = origin === 'mongo' ? 105 : 106
    const { record } = await stores[origin].authority.create(Cargo, newRecord(Cargo, id, { price: '-1.0' }), stamp)
    expect(record).toMatchObject({ price: null })
  })

  test('longs are added to without losing a digit, and never past 64 bits', async () => {
    const id = origin === 'mongo' ? 103 : 104
    const { authority } = stores[origin]
    await authority.create(Cargo, newRecord(Cargo, id, { grams: 2n ** 62n }), stamp)
    const add = (by: bigint) => authority.patch(Cargo, id, planPatch(Cargo, { grams: increment(by) }), stamp)
    expect((await add(1n))?.record).toMatchObject({ grams: 4611686018427387905n })
    await expect(add(2n ** 62n)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    await authority.patch(Cargo, id, planPatch(Cargo, { grams: -(2n ** 63n) }), stamp)
    await expect(add(-1n)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    expect((await add(1n))?.record).toMatchObject({ grams: -9223372036854775807n })
  })

  test.each([
    [d('9E+6144'), '9E+6144'],
    [d('-9.999999999999999999999999999999999E+6144'), '-1E+6111'],
  ])('%s and %s are more than a decimal holds, and nothing changes', async (before, by) => {
    const { authority, outbox } = stores[origin]
    const id = origin === 'mongo' ? 109 : 110
    await put(id, { price: before })
    const [stored] = await outbox.images(Cargo, [id])
    // Stand-in (SecantusDB): it gives up on such a sum with an error of its own; MongoDB makes it Infinity
    await expect(authority.patch(Cargo, id, planPatch(Cargo, { price: increment(by) }), stamp)).rejects.toThrow()
    expect((await outbox.images(Cargo, [id]))[0]).toEqual(stored)
  })

  test('a decimal of the same value is the one that is there', async () => {
    const id = origin === 'mongo' ? 111 : 112
    const { authority } = stores[origin]
    await authority.create(Cargo, newRecord(Cargo, id, { price: '5.0', prices: ['1.10', '2'] }), stamp)
    const patched = async (changes: Parameters<typeof planPatch>[1]) =>
      (await authority.patch(Cargo, id, planPatch(Cargo, changes), stamp))?.record
    expect(await patched({ price: min('5.00'), prices: addToSet('1.1') })).toMatchObject({
      price: '5.0',
      prices: ['1.10', '2'],
    })
    expect(await patched({ price: max('5'), prices: pull('1.100') })).toMatchObject({ price: '5.0', prices: ['2'] })
    expect(await patched({ price: '5.00' })).toMatchObject({ price: '5.00' })
  })

  test.each(sums)('%s and %s make %s', async (before, by, after) => {
    const { authority, outbox } = stores[origin]
    const id = origin === 'mongo' ? 107 : 108
    await put(id, { price: before })
    const [stored] = await outbox.images(Cargo, [id])
    const adding = authority.patch(Cargo, id, planPatch(Cargo, { price: increment(by) }), stamp)
    if (after !== undefined) expect((await adding)?.record).toMatchObject({ price: after })
    else {
      await expect(adding).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
      expect((await outbox.images(Cargo, [id]))[0]).toEqual(stored)
    }
  })
})

describe('queries', () => {
  const documents: readonly Document[] = [
    { price: d('1.5'), grams: Long.fromString('9007199254740993'), ticket: new UUID(ticket), state: 'open' },
    { price: 2, grams: Long.fromString('9007199254740992'), state: 'done', seal: new Binary(Buffer.from('b')) },
    { price: d('-7E+30'), grams: new Double(1e18), state: 'lost', seal: new Binary(Buffer.from('b'), 5) },
    { price: d('NaN'), grams: d('1'), ticket: new Binary(Buffer.alloc(17, 255), 4), state: 'held' },
    { price: new Double(0.5), ticket: new UUID('00000000-0000-0000-0000-000000000001'), seal: null },
    { price: d('1.50000000000000000000000000000001'), grams: -1, prices: [d('3.0')], states: ['open'] },
  ]

  beforeAll(async () => {
    for (const [index, document] of documents.entries()) await put(201 + index, document)
  })

  const own: Where = {
    op: 'and',
    of: [
      { op: 'gt', path: 'id', value: 200 },
      { op: 'lt', path: 'id', value: 300 },
    ],
  }

  async function found(where: Where, path = 'id', direction: 'asc' | 'desc' = 'asc'): Promise<unknown[][]> {
    const query = {
      where: { op: 'and', of: [own, where] } as const,
      order: totalOrder(Cargo, [{ path, direction }]),
      limit: 50,
      fields: allFields(Cargo),
    }
    const ids = async (origin: 'mongo' | 'postgres') =>
      (await stores[origin].reader.query(Cargo, query)).map(({ record }) => Number(record.id) - 200)
    return Promise.all(origins.map(ids))
  }

  const both = (...ids: number[]): number[][] => [ids, ids]

  test.each([
    ['price', [4, 5, 3, 1, 6, 2]],
    ['grams', [4, 5, 6, 2, 1, 3]],
    ['ticket', [2, 3, 4, 6, 5, 1]],
    ['state', [3, 5, 6, 2, 4, 1]],
  ])('by %s, nulls and dirty values first', async (path, ids) => {
    expect(await found(everything, path)).toEqual(both(...ids))
  })

  test.each<[string, Where, number[]]>([
    ['a decimal by value', { op: 'eq', path: 'price', value: '2' }, [2]],
    ['a decimal to its last digit', { op: 'gt', path: 'price', value: '1.5' }, [2, 6]],
    ['decimals that are null', { op: 'eq', path: 'price', value: null }, [4, 5]],
    ['a long past 2^53 exactly', { op: 'eq', path: 'grams', value: 9007199254740993n }, [1]],
    ['longs in a range', { op: 'lte', path: 'grams', value: 9007199254740992n }, [2, 6]],
    ['longs among others', { op: 'in', path: 'grams', values: [-1n, 10n ** 18n, null] }, [3, 4, 5, 6]],
    ['a uuid', { op: 'eq', path: 'ticket', value: ticket }, [1]],
    ['uuids that are null', { op: 'eq', path: 'ticket', value: null }, [2, 3, 4, 6]],
    ['uuids in a range', { op: 'lt', path: 'ticket', value: ticket }, [5]],
    ['bytes', { op: 'eq', path: 'seal', value: base64('b') }, [2]],
    ['not these bytes', { op: 'not', of: { op: 'eq', path: 'seal', value: base64('b') } }, [1, 3, 4, 5, 6]],
    ['an enumeration in a range, dirty text left out', { op: 'gte', path: 'state', value: 'held' }, [1, 4]],
    ['text in an enumeration, dirty text left out', { op: 'contains', path: 'state', value: 'o' }, [1, 2]],
    ['enumerations that are null', { op: 'eq', path: 'state', value: null }, [3, 5, 6]],
    ['an element of decimals', { op: 'has', path: 'prices', values: ['3'], need: 'some' }, [6]],
    ['an element of a child table', { op: 'has', path: 'states', values: ['open'], need: 'every' }, [6]],
  ])('%s', async (_title, where, ids) => {
    expect(await found(where)).toEqual(both(...ids))
  })

  test('decimals of one value are one key and one group, whatever places they are stored with', async () => {
    for (const [index, price] of ['118.90', '118.9', '118.900', '5'].entries())
      await put(401 + index, { price: d(price) })
    const own: Where = { op: 'gt', path: 'id', value: 400 }
    const per = {
      path: 'price',
      values: ['118.9', '5.00'],
      order: totalOrder(Cargo, []),
      limit: 10,
      fields: allFields(Cargo),
    }
    for (const origin of origins) {
      const { reader } = stores[origin]
      const found = await reader.queryPer(Cargo, { ...per, where: own })
      const shown = [...found].map(([key, items]) => [key, items.map(({ record }) => record['price'])])
      expect(Object.fromEntries(shown)).toEqual({ 118.9: ['118.90', '118.9', '118.900'], 5: ['5'] })
      expect(Object.fromEntries(await reader.countPer(Cargo, 'price', per.values, own))).toEqual({ 118.9: 3, 5: 1 })
      const measures = {
        count: { op: 'count' },
        least: { op: 'min', path: 'price' },
        sum: { op: 'sum', path: 'price' },
      } as const
      const asked = { by: ['price'], measures, where: own, having: [], order: [], limit: 10 }
      expect(await reader.aggregate(Cargo, asked)).toEqual([
        { by: ['5'], measures: { count: 1, least: '5', sum: '5' } },
        { by: ['118.9'], measures: { count: 3, least: '118.9', sum: '356.7' } },
      ])
    }
  })

  test.each<[string, Where]>([
    ['bytes in a range', { op: 'lt', path: 'seal', value: 'AA==' }],
    ['bytes that are null', { op: 'eq', path: 'seal', value: null }],
  ])('%s cannot be asked for', async (_title, where) => {
    for (const origin of origins) {
      await expect(stores[origin].reader.count(Cargo, where)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    }
    expect(() => totalOrder(Cargo, [{ path: 'seal', direction: 'asc' }])).toThrow('cannot be ordered by seal')
  })
})
