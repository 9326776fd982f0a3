import { boolean, defineEntity, enumeration, float, int, list, longId, objectId, text } from 'crossfade'
import fc from 'fast-check'
import { GraphQLBoolean, GraphQLFloat, GraphQLInt, GraphQLString } from 'graphql'
import { Binary, Decimal128, type Document, Double, Long, ObjectId, Timestamp } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allFields, fieldSet } from '../../src/entity/field-set.ts'
import { leafAt } from '../../src/entity/leaf-at.ts'
import { totalOrder } from '../../src/query/order.ts'
import type { Where } from '../../src/query/where.ts'
import { decodeLeaf } from '../../src/stores/mongo/codec/decode.ts'
import { anything } from '../property/values.ts'
import { copyAll, openStores, type TestStores } from '../support/stores.ts'

const fields = {
  text: text(),
  int: int(),
  float: float({ nullIf: ['none'] }),
  boolean: boolean(),
  flags: list(boolean({ nullIf: [false] })),
  owner: objectId(),
  near: longId(),
  grade: enumeration(['1', '2']),
  words: list(text()),
  counts: list(int()).childTable('mixed_counts'),
}

/** A field of each kind that GraphQL has a scalar of its own for, and the same fields told to be strict. */
const Mixed = defineEntity('Mixed', { mongo: 'mixed', postgres: 'mixed', id: int(), fields })
const Strict = defineEntity('Strict', {
  mongo: 'strict',
  postgres: 'strict',
  id: int(),
  fields: { text: text().strict(), int: int().strict(), float: float().strict(), boolean: boolean().strict() },
})

const d = (text: string): Decimal128 => Decimal128.fromString(text)
const hex = '5f00000000000000000000aa'

/** What is stored, and what a client gets; null has an issue, by its rule. */
const values: readonly (readonly [field: keyof typeof fields, raw: unknown, value: unknown])[] = [
  ['text', 7, '7'],
  ['text', new Double(7), '7'],
  ['text', new Double(19.99), '19.99'],
  ['text', new Double(9.95), '9.95'],
  ['text', new Double(0.30000000000000004), '0.30000000000000004'],
  ['text', new Double(0.000001), '0.000001'],
  ['text', new Double(-0), '0'],
  ['text', new Double(1e21), null],
  ['text', new Double(1e-7), null],
  ['text', Number.NaN, null],
  ['text', Long.fromString('9007199254740993'), '9007199254740993'],
  ['text', Long.MIN_VALUE, '-9223372036854775808'],
  ['text', d('19.90'), '19.90'],
  ['text', d('1E+3'), '1E+3'],
  ['text', d('NaN'), null],
  ['text', d('-Infinity'), null],
  ['text', new Timestamp({ t: 1, i: 1 }), null],
  ['text', true, 'true'],
  ['text', new Date(1_700_000_000_123), '1700000000123'],
  ['text', new ObjectId(hex), hex],
  ['text', { a: 1 }, null],
  ['text', ['a'], null],
  ['text', new Binary(Buffer.from('x')), null],
  ['int', '12', 12],
  ['int', ' -12\n', -12],
  ['int', '1e3', 1000],
  ['int', '12.0', 12],
  ['int', ' ', 0],
  ['int', '', null],
  ['int', '12.5', null],
  ['int', '2147483648', null],
  ['int', '1e400', null],
  ['int', 'twelve', null],
  ['int', true, 1],
  ['int', d('12'), 12],
  ['int', d('19.99'), null],
  ['int', d('NaN'), null],
  ['int', d('1E-6176'), null],
  ['int', new Date(5), 5],
  ['int', new Date(1_700_000_000_123), null],
  ['int', new ObjectId(hex), null],
  ['float', d('19.99'), 19.99],
  ['float', d('1E+400'), null],
  ['float', d('-1E-400'), null],
  ['float', d('0E-400'), 0],
  ['float', d('Infinity'), null],
  ['float', Long.fromString('9007199254740993'), 9007199254740992],
  ['float', '0.1', 0.1],
  ['float', '.5', 0.5],
  ['float', new Timestamp({ t: 1, i: 1 }), null],
  ['float', '', null],
  ['float', 'NaN', null],
  ['float', 'Infinity', null],
  ['float', false, 0],
  ['float', new Date(1_700_000_000_123), 1700000000123],
  ['float', Number.POSITIVE_INFINITY, null],
  ['boolean', 1, true],
  ['boolean', new Double(0), false],
  ['boolean', new Double(-0), false],
  ['boolean', Number.NaN, null],
  ['boolean', d('0.0'), false],
  ['boolean', d('0.1'), true],
  ['boolean', d('1E-6176'), null],
  ['boolean', Long.fromNumber(2), true],
  ['boolean', new Date(0), false],
  ['boolean', 'true', null],
  ['flags', [0, 1, false, true], [true, true]],
  ['owner', hex, hex],
  ['owner', hex.toUpperCase(), null],
  ['owner', 'me', null],
  ['owner', `${hex}\n`, null],
  ['near', '9007199254740993', '9007199254740993'],
  ['near', '-9223372036854775808', '-9223372036854775808'],
  ['near', '9223372036854775808', null],
  ['near', '-0', null],
  ['near', '007', null],
  ['near', '12\n', null],
  ['near', d('12.0'), '12'],
  ['near', d('12.5'), null],
  ['near', d('1E+19'), null],
  ['near', new Double(1e18), '1000000000000000000'],
  ['near', new Double(2 ** 63), null],
  ['near', Number.NaN, null],
  ['near', true, null],
  ['grade', 1, '1'],
  ['grade', d('2'), '2'],
  ['grade', 3, null],
  ['words', [1, 'a', d('2.50'), { b: 1 }, true], ['1', 'a', '2.50', 'true']],
  ['counts', ['1', 2, 'x', d('3'), true], [1, 2, 3, 1]],
]

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Mixed, Strict])
  const documents = values.map(([field, raw], index): Document => ({ _id: index as never, [field]: raw }))
  await stores.mongo.connection.collection(Mixed).insertMany(documents)
  await stores.mongo.connection.collection(Strict).insertMany(documents)
  for (const entity of [Mixed, Strict]) await copyAll(stores, entity, 20)
})
afterAll(() => stores.close())

const origins = ['mongo', 'postgres'] as const

describe.each(origins)('Values of other kinds in %s', (origin) => {
  test('are what the scalar makes of them', async () => {
    const records = await stores[origin].reader.byIds(Mixed, [...values.keys()], allFields(Mixed))
    const read = values.map(([field, raw], id) => [field, raw, records.get(id)?.record[field]])
    expect(read).toEqual(values)
  })

  test('are null where the field is strict', async () => {
    const ids = [...values.keys()]
    const records = await stores[origin].reader.byIds(Strict, ids, allFields(Strict))
    const read = (field: string): unknown[] => {
      const given = ids.map((id) => records.get(id)!.record[field]).filter((value) => value !== null)
      return [...new Set(given)]
    }
    // -0 and 7 are numbers, ' ' and the like are text where text belongs: none of the above is stored there
    expect([read('text'), read('int'), read('float'), read('boolean')]).toEqual([[], [], [], []])
  })

  /** The ids of the records that a condition finds. */
  async function found(where: Where): Promise<unknown[]> {
    const order = totalOrder(Mixed, [])
    const items = await stores[origin].reader.query(Mixed, { where, order, limit: 100, fields: fieldSet(Mixed, []) })
    expect(await stores[origin].reader.count(Mixed, where)).toBe(items.length)
    return items.map(({ record }) => values[record.id as number]![1])
  }

  const conditions: readonly (readonly [Where, unknown[]])[] = [
    [{ op: 'eq', path: 'int', value: 12 }, ['12', '12.0', d('12')]],
    [{ op: 'gt', path: 'int', value: 5 }, ['12', '1e3', '12.0', d('12')]],
    [{ op: 'in', path: 'int', values: [-12, 5, 1] }, [' -12\n', true, new Date(5)]],
    [{ op: 'eq', path: 'float', value: 19.99 }, [d('19.99')]],
    [{ op: 'gt', path: 'float', value: 19.99 }, [Long.fromString('9007199254740993'), new Date(1_700_000_000_123)]],
    [{ op: 'eq', path: 'float', value: 9007199254740992 }, [Long.fromString('9007199254740993')]],
    [{ op: 'lte', path: 'float', value: 0.1 }, [d('0E-400'), '0.1', false]],
    [{ op: 'eq', path: 'text', value: '19.99' }, [new Double(19.99)]],
    [{ op: 'startsWith', path: 'text', value: '19' }, [new Double(19.99), d('19.90')]],
    [{ op: 'eq', path: 'text', value: 'TRUE', insensitive: true }, [true]],
    [
      { op: 'contains', path: 'text', value: '00000000' },
      [new Double(0.30000000000000004), new Date(1_700_000_000_123), new ObjectId(hex)],
    ],
    [{ op: 'eq', path: 'boolean', value: true }, [1, d('0.1'), Long.fromNumber(2)]],
    [{ op: 'eq', path: 'owner', value: hex }, [hex]],
    [{ op: 'eq', path: 'near', value: '9007199254740993' }, ['9007199254740993']],
    [{ op: 'gte', path: 'near', value: '7' }, ['9007199254740993', d('12.0'), new Double(1e18)]],
    [{ op: 'lte', path: 'near', value: '0' }, ['-9223372036854775808']],
    [{ op: 'eq', path: 'grade', value: '1' }, [1]],
    [{ op: 'has', path: 'words', values: ['1', '2.50'], need: 'every' }, [[1, 'a', d('2.50'), { b: 1 }, true]]],
    [{ op: 'has', path: 'counts', values: [3], need: 'some' }, [['1', 2, 'x', d('3'), true]]],
  ]

  test.each(conditions)('%j finds them', async (where, expected) => {
    expect(await found(where)).toEqual(expected)
  })

  test('sort where their value does', async () => {
    const where: Where = { op: 'not', of: { op: 'eq', path: 'int', value: null } }
    const order = totalOrder(Mixed, [{ path: 'int', direction: 'desc' }])
    const items = await stores[origin].reader.query(Mixed, {
      where,
      order,
      limit: 100,
      fields: fieldSet(Mixed, ['int']),
    })
    expect(items.map(({ record }) => record['int'])).toEqual([1000, 12, 12, 12, 5, 1, 0, -12])
  })

  test('share a page with the others of their key, and are counted with them', async () => {
    const { reader } = stores[origin]
    const per = {
      path: 'int',
      values: [12, 5],
      where: { op: 'and', of: [] },
      order: totalOrder(Mixed, []),
      limit: 2,
      fields: fieldSet(Mixed, []),
    } as const
    const pages = await reader.queryPer(Mixed, per)
    const raw = [...pages].map(([key, items]) => [key, items.map(({ record }) => values[record.id as number]![1])])
    expect(Object.fromEntries(raw)).toEqual({ 12: ['12', '12.0'], 5: [new Date(5)] })
    expect(Object.fromEntries(await reader.countPer(Mixed, 'int', [12, 5], per.where))).toEqual({ 12: 3, 5: 1 })
  })

  test('add up', async () => {
    const sums = { int: { op: 'sum', path: 'int' }, float: { op: 'sum', path: 'float' } } as const
    const asked = { where: { op: 'and', of: [] }, by: [], measures: sums, having: [], order: [], limit: 1 } as const
    const [group] = await stores[origin].reader.aggregate(Mixed, asked)
    expect(group?.measures).toEqual({ int: '1030', float: '9008899254741135.59' })
  })
})

test('what the scalar throws at is an issue, and what it takes is none', async () => {
  const images = await stores.mongo.outbox.images(Mixed, [...values.keys()])
  const reported = images.filter(({ issues }) => issues.length > 0).map(({ id }) => id)
  const wanted = [...values.entries()].filter(
    ([, [field, , value]]) => value === null || ['flags', 'words', 'counts'].includes(field),
  )
  expect(reported.toSorted((a, b) => Number(a) - Number(b))).toEqual(wanted.map(([id]) => id))
})

/** What GraphQL's own scalar says; Decimal128 and Long by their digits. */
function said(scalar: typeof GraphQLString, raw: unknown): unknown {
  const digits = raw instanceof Decimal128 || Long.isLong(raw) ? raw.toString() : raw
  const number = digits !== raw && scalar.name !== 'String'
  if (digits !== raw && /NaN|Inf/.test(String(digits))) return null
  try {
    const value = scalar.serialize(number ? Number(digits) : digits)
    return (value as unknown) === 0 ? 0 : value
  } catch {
    return null
  }
}

test.each([
  ['text', GraphQLString],
  ['int', GraphQLInt],
  ['float', GraphQLFloat],
  ['boolean', GraphQLBoolean],
] as const)('%s reads what %s makes of any value', (field, scalar) => {
  const leaf = { ...leafAt(Mixed, field), converter: {} }
  const given = (raw: unknown): unknown =>
    raw instanceof Double
      ? raw.valueOf()
      : Long.isLong(raw) && raw.lt(2 ** 53) && raw.gt(-(2 ** 53))
        ? raw.toNumber()
        : raw
  /** Where Crossfade says null all the same: docs/mapping.md names them. */
  const left = (raw: unknown): boolean =>
    raw instanceof Binary ||
    (typeof raw === 'string' && (/^0x/.test(raw) || raw.includes('\0'))) ||
    (field === 'int' && raw instanceof ObjectId) ||
    (field === 'float' && raw instanceof ObjectId) ||
    (field === 'text' && typeof raw === 'number' && /e/.test(String(raw)))
  const property = fc.property(anything, (each) => {
    const raw = given(each)
    if (!left(raw)) expect([raw, decodeLeaf(leaf, raw, null)]).toEqual([raw, said(scalar as never, raw)])
  })
  fc.assert(property, { numRuns: 2_000 })
})
