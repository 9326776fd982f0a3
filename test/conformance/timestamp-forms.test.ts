import { append, defineEntity, embed, int, list, timestamp, where } from 'crossfade'
import fc from 'fast-check'
import { Decimal128, type Document, Double, Int32, Long } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allFields, fieldSet } from '../../src/entity/field-set.ts'
import { leafAt } from '../../src/entity/leaf-at.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { totalOrder } from '../../src/query/order.ts'
import { planPatch } from '../../src/query/patch.ts'
import type { Where } from '../../src/query/where.ts'
import { lookAt } from '../../src/stores/mongo/clean-paths.ts'
import { decodeLeaf } from '../../src/stores/mongo/codec/decode.ts'
import { decoded } from '../../src/stores/mongo/codec/expression.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { copyAll, openStores, type TestStores } from '../support/stores.ts'

const fields = {
  date: timestamp(),
  dates: timestamp({ forms: ['date', 'text', 'milliseconds'] }),
  text: timestamp({ forms: ['text'] }),
  texts: timestamp({ forms: ['text', 'milliseconds', 'date'] }),
  exact: timestamp({ forms: ['text'] }).strict(),
  number: timestamp({ forms: ['milliseconds'] }),
  numbers: timestamp({ forms: ['milliseconds', 'date', 'text'] }),
  list: list(timestamp({ forms: ['text', 'date'] })),
}
type Name = keyof typeof fields
const names = Object.keys(fields) as Name[]

const Visit = defineEntity('Visit', {
  mongo: 'visits',
  postgres: 'visits',
  id: int(),
  fields: { ...fields, steps: list(embed({ at: timestamp({ forms: ['milliseconds', 'text'] }) })) },
})

type Form = 'date' | 'own text' | 'other text' | 'milliseconds' | 'none'

/** What is stored, in which form, and the instant that it says. */
const values: readonly (readonly [form: Form, raw: unknown, iso: string | null])[] = [
  ['date', new Date('2021-03-04T05:06:07.008Z'), '2021-03-04T05:06:07.008Z'],
  ['own text', '2021-03-04T05:06:07.008Z', '2021-03-04T05:06:07.008Z'],
  ['own text', '2020-02-29T00:00:00.000Z', '2020-02-29T00:00:00.000Z'],
  ['own text', '9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ['other text', '2021-03-04T05:06:07Z', '2021-03-04T05:06:07.000Z'],
  ['other text', '2021-03-04T05:06Z', '2021-03-04T05:06:00.000Z'],
  ['other text', '2021-03-04 05:06:07.123456+01:30', '2021-03-04T03:36:07.123Z'],
  ['other text', '2021-03-04T05:06:07.5-0500', '2021-03-04T10:06:07.500Z'],
  ['other text', '2021-03-04', '2021-03-04T00:00:00.000Z'],
  ['milliseconds', Long.fromNumber(1_614_834_367_008), '2021-03-04T05:06:07.008Z'],
  ['milliseconds', new Double(1_614_834_367_009), '2021-03-04T05:06:07.009Z'],
  ['milliseconds', new Int32(-5), '1969-12-31T23:59:59.995Z'],
  ['none', '2021-02-29T00:00:00.000Z', null],
  ['none', '2021-02-29', null],
  ['none', '2021-03-04T05:06:07', null],
  ['none', '2021-03-04T05:06:07.008Z\n', null],
  ['none', '2021-03-04T24:00:00.000Z', null],
  ['none', '0000-01-01T00:00:00.000Z', null],
  ['none', 'yesterday', null],
  ['none', '', null],
  ['none', new Double(1.5), null],
  ['none', new Double(1e300), null],
  ['none', Number.NaN, null],
  ['none', Long.MAX_VALUE, null],
  ['none', Decimal128.fromString('5'), null],
  ['none', true, null],
  ['none', { at: 5 }, null],
]

const takes: Readonly<Record<Name, readonly Form[]>> = {
  date: ['date'],
  dates: ['date', 'own text', 'other text', 'milliseconds'],
  text: ['own text', 'other text'],
  texts: ['own text', 'other text', 'milliseconds', 'date'],
  exact: ['own text'],
  number: ['milliseconds'],
  numbers: ['milliseconds', 'date', 'own text', 'other text'],
  list: ['own text', 'other text', 'date'],
}

const instant = (iso: string | null): Date | null => (iso === null ? null : new Date(iso))
const shown = (name: Name, form: Form, iso: string | null): Date | null =>
  takes[name].includes(form) ? instant(iso) : null

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Visit])
  const documents = values.map(([, raw], index): Document => {
    const each = Object.fromEntries(names.map((name) => [name, name === 'list' ? [raw] : raw]))
    return { _id: index as never, ...each, steps: [{ at: raw }] }
  })
  await stores.mongo.connection.collection(Visit).insertMany(documents)
  await copyAll(stores, Visit, 50)
})
afterAll(() => stores.close())

const origins = ['mongo', 'postgres'] as const
const ids = [...values.keys()]
const everything: Where = { op: 'and', of: [] }

describe.each([...origins, 'mongo, once it has looked'] as const)('Instants in several forms in %s', (how) => {
  const origin = how === 'postgres' ? 'postgres' : 'mongo'
  beforeAll(async () => {
    if (how !== origin) for (const name of names) await lookAt(stores.mongo.connection, Visit, leafAt(Visit, name))
  })

  test('are what the field takes of them, and null else', async () => {
    const records = await stores[origin].reader.byIds(Visit, ids, allFields(Visit))
    for (const name of names) {
      const read = ids.map((id) => records.get(id)!.record[name])
      const wanted = values.map(([form, , iso]) => shown(name, form, iso))
      expect([name, read]).toEqual([name, name === 'list' ? wanted.map((each) => (each ? [each] : [])) : wanted])
    }
  })

  async function found(asked: Where): Promise<unknown[]> {
    const order = totalOrder(Visit, [])
    const items = await stores[origin].reader.query(Visit, {
      where: asked,
      order,
      limit: 100,
      fields: fieldSet(Visit, []),
    })
    expect(await stores[origin].reader.count(Visit, asked)).toBe(items.length)
    return items.map(({ record }) => record.id)
  }

  const value = new Date('2021-03-04T05:06:07.008Z')
  test.each<[Where, number[]]>([
    [{ op: 'eq', path: 'date', value }, [0]],
    [{ op: 'eq', path: 'dates', value }, [0, 1, 9]],
    [{ op: 'eq', path: 'text', value }, [1]],
    [{ op: 'eq', path: 'texts', value }, [0, 1, 9]],
    [{ op: 'eq', path: 'text', value: new Date('2021-03-04T10:06:07.500Z') }, [7]],
    [{ op: 'eq', path: 'texts', value: new Date('2021-03-04T10:06:07.500Z') }, [7]],
    [{ op: 'eq', path: 'dates', value: new Date('2021-03-04T10:06:07.500Z') }, [7]],
    [{ op: 'eq', path: 'number', value }, [9]],
    [{ op: 'eq', path: 'numbers', value }, [0, 1, 9]],
    [{ op: 'gt', path: 'dates', value }, [3, 7, 10]],
    [{ op: 'gt', path: 'text', value }, [3, 7]],
    [{ op: 'lt', path: 'text', value }, [2, 4, 5, 6, 8]],
    [{ op: 'gte', path: 'exact', value }, [1, 3]],
    [{ op: 'lt', path: 'exact', value }, [2]],
    [{ op: 'gte', path: 'number', value }, [9, 10]],
    [{ op: 'lt', path: 'number', value }, [11]],
    [{ op: 'lte', path: 'numbers', value: new Date('2020-02-29T00:00:00.000Z') }, [2, 11]],
    [{ op: 'in', path: 'texts', values: [value, new Date(-5)] }, [0, 1, 9, 11]],
    [{ op: 'in', path: 'number', values: [new Date(1_614_834_367_009), new Date(-5)] }, [10, 11]],
    [{ op: 'not', of: { op: 'eq', path: 'number', value: null } }, [9, 10, 11]],
    [{ op: 'not', of: { op: 'eq', path: 'exact', value: null } }, [1, 2, 3]],
    [{ op: 'has', path: 'list', values: [value], need: 'some' }, [0, 1]],
    [where(Visit, { steps: { some: { at: { eq: value } } } }), [1, 9]],
    [where(Visit, { steps: { some: { at: { gt: value } } } }), [3, 7, 10]],
  ])('%j finds them', async (asked, wanted) => {
    expect(await found(asked)).toEqual(wanted)
  })

  test.each([
    ['dates', [11, 2, 8, 6, 5, 4, 0, 1, 9, 10, 7, 3]],
    ['text', [2, 8, 6, 5, 4, 1, 7, 3]],
    ['texts', [11, 2, 8, 6, 5, 4, 0, 1, 9, 10, 7, 3]],
    ['exact', [2, 1, 3]],
    ['number', [11, 9, 10]],
    ['numbers', [11, 2, 8, 6, 5, 4, 0, 1, 9, 10, 7, 3]],
  ] as const)('of %s sort as instants', async (path, wanted) => {
    const present: Where = { op: 'not', of: { op: 'eq', path, value: null } }
    for (const direction of ['asc', 'desc'] as const) {
      const order = totalOrder(Visit, [{ path, direction }])
      const items = await stores[origin].reader.query(Visit, {
        where: present,
        order,
        limit: 100,
        fields: fieldSet(Visit, []),
      })
      expect(items.map(({ record }) => record.id)).toEqual(direction === 'asc' ? wanted : [...wanted].reverse())
    }
  })

  test('are grouped, and share a page, with others of their instant', async () => {
    for (const path of ['dates', 'texts', 'numbers']) {
      const measures = { first: { op: 'min', path }, last: { op: 'max', path } } as const
      const asked = { where: everything, having: [], order: [], limit: 100 } as const
      const [all] = await stores[origin].reader.aggregate(Visit, { ...asked, by: [], measures })
      expect(all?.measures).toEqual({ first: new Date(-5), last: new Date('9999-12-31T23:59:59.999Z') })
      const groups = await stores[origin].reader.aggregate(Visit, {
        ...asked,
        by: [path],
        measures: { count: { op: 'count' } },
      })
      expect(groups.length).toBe(11)
      const counts = await stores[origin].reader.countPer(Visit, path, [value], everything)
      expect([...counts]).toEqual([[value.getTime(), 3]])
      const per = {
        path,
        values: [value],
        where: everything,
        order: totalOrder(Visit, []),
        limit: 2,
        fields: fieldSet(Visit, []),
      }
      const pages = await stores[origin].reader.queryPer(Visit, per)
      expect([...pages.values()].map((items) => items.map(({ record }) => record.id))).toEqual([[0, 1]])
    }
  })
})

test('what a field does not take is an issue, and what it takes is none', async () => {
  const images = await stores.mongo.outbox.images(Visit, ids)
  for (const { id, issues } of images) {
    const [form] = values[id as number]!
    const paths = issues.map(({ path }) => path.split('.')[0]).filter((path) => path !== 'steps')
    expect([id, paths.sort()]).toEqual([id, names.filter((name) => !takes[name].includes(form)).sort()])
  }
  const rules = images.find(({ id }) => id === 13)!.issues.map(({ rule }) => rule)
  expect([...new Set(rules)].sort()).toEqual([
    'is not a date',
    'is not a date as text, in ISO 8601 with an offset',
    'is not a whole number of milliseconds since 1970',
  ])
})

const free = { epoch: 1, owed: false }
const document = async (id: number): Promise<Document> =>
  (await stores.mongo.connection.collection(Visit).findOne({ _id: id as never }, { promoteValues: false }))!

test('is written in the first form, by an application and by the mirror', async () => {
  const at = '2024-05-06T07:08:09.010+01:00'
  const record = newRecord(Visit, 1_000, Object.fromEntries(names.map((name) => [name, name === 'list' ? [at] : at])))
  await stores.mongo.authority.create(Visit, record, free)
  await stores.postgres.authority.create(Visit, { ...record, id: 1_001 }, free)
  const images = await stores.postgres.outbox.images(Visit, [1_001])
  await stores.mongo.replica.bulkPut(Visit, images, anyEpoch)
  const [text, number] = ['2024-05-06T06:08:09.010Z', Long.fromNumber(1_714_975_689_010)]
  for (const id of [1_000, 1_001]) {
    const found = await document(id)
    expect(found).toMatchObject({ dates: new Date(text), text, texts: text, exact: text, list: [text] })
    expect([found['number'], found['numbers']]).toEqual([number, number])
  }
})

test('a value in another form stays, until a patch changes it', async () => {
  const { authority } = stores.mongo
  const at = '2021-03-04T05:06:07.500Z'
  await authority.patch(Visit, 0, planPatch(Visit, { dates: at }), free)
  const found = await document(0)
  expect([found['dates'], found['texts'], found['numbers']]).toEqual([new Date(at), values[0]![1], values[0]![1]])
  await authority.patch(Visit, 0, planPatch(Visit, { texts: at, numbers: at, list: append(new Date(at)) }), free)
  expect(await document(0)).toMatchObject({
    texts: at,
    numbers: Long.fromNumber(1_614_834_367_500),
    list: [expect.anything(), at],
  })
})

test('what means null does so in each form that is read', () => {
  const Sign = defineEntity('Sign', {
    mongo: 'signs',
    postgres: 'signs',
    id: int(),
    fields: { at: timestamp({ forms: ['milliseconds', 'date', 'text'], nullIf: [0] }) },
  })
  const first = '1970-01-01T00:00:00.000Z'
  const read = (raw: unknown) => decodeLeaf(leafAt(Sign, 'at'), raw, [])
  for (const raw of [0, new Date(0), first, '1970-01-01T01:00:00+01:00']) expect(read(raw)).toBeNull()
  expect(read(1)).toEqual(new Date(1))
})

test.each(['text', 'texts', 'exact', 'list'])('%s takes no year that a text of four digits does not say', (name) => {
  for (const iso of ['+010000-01-01T00:00:00.000Z', '0000-12-31T23:59:59.999Z']) {
    const patch = () => planPatch(Visit, { [name]: name === 'list' ? [iso] : iso })
    expect(patch).toThrow('expected a year from 1 to 9999, since MongoDB holds it as text')
  }
})

test('PostgreSQL holds no such year of it either', async () => {
  const { sql } = await import('kysely')
  const late = '10000-01-01 00:00:00+00'
  const set = (name: string) =>
    stores.postgres.connection.run(sql`update visits set ${sql.ref(name)} = ${late}::timestamptz where id = 1`)
  for (const name of ['text', 'texts', 'exact']) await expect(set(name)).rejects.toMatchObject({ code: '23514' })
})

const part = (max: number, min = 0): fc.Arbitrary<string> =>
  fc.integer({ min, max }).map((each) => String(each).padStart(2, '0'))
/** Texts that are dates, or nearly. */
const texts = fc
  .tuple(
    fc.oneof(fc.integer({ min: 1990, max: 2030 }), fc.constantFrom(0, 1, 2000, 1900, 9999)),
    part(13),
    part(32),
    fc.option(fc.tuple(fc.constantFrom('T', ' ', 't'), part(24), part(60), fc.option(part(60)))),
    fc.constantFrom('', '.5', '.050', '.1239', '.123456789', '.'),
    fc.constantFrom('', 'Z', 'z', '+01:00', '-0930', '+2400', '+1'),
  )
  .map(([year, month, day, time, fraction, offset]) => {
    const clock = time
      ? `${time[0]}${time[1]}:${time[2]}${time[3] === null ? '' : `:${time[3]}${fraction}`}${offset}`
      : ''
    return `${String(year).padStart(4, '0')}-${month}-${day}${clock}`
  })

test('MongoDB reads each text, and each number, as the code does', async () => {
  const numbers = fc.oneof(fc.integer(), fc.double(), fc.double({ min: -1e13, max: 1e13 }), fc.maxSafeInteger())
  const raws = fc.sample(fc.oneof({ weight: 4, arbitrary: texts }, numbers, fc.date({ noInvalidDate: true })), 3_000)
  const isHeld = (raw: unknown): boolean => {
    const at = raw instanceof Date ? raw.getTime() : typeof raw === 'number' && Number.isInteger(raw) ? raw : 0
    // Stand-in (SecantusDB): it has no years outside 1 to 9999; MongoDB has
    return at >= Date.parse('0001-01-02T00:00Z') && at <= Date.parse('9999-12-30T00:00Z')
  }
  const given = raws.filter(isHeld)
  expect(given.filter((raw) => typeof raw === 'string' && Number.isNaN(Date.parse(raw))).length).toBeGreaterThan(50)
  const collection = stores.mongo.connection.db.collection('raws')
  await collection.insertMany(
    given.map((raw, n) => ({ _id: n as never, ...Object.fromEntries(names.map((name) => [name, raw])) })),
  )
  for (const name of names.filter((each) => each !== 'list' && each !== 'date')) {
    const leaf = leafAt(Visit, name)
    const read = await collection.aggregate([{ $sort: { _id: 1 } }, { $project: { value: decoded(leaf) } }]).toArray()
    const wanted = given.map((raw) => [raw, decodeLeaf(leaf, raw, null)])
    expect(read.map(({ value }, n) => [given[n], decodeLeaf(leaf, value, null)])).toEqual(wanted)
  }
})
