import { boolean, decimal, defineEntity, embed, enumeration, float, int, list, objectId, text } from 'crossfade'
import { Binary, Decimal128, Double, Long, ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answersOtherwise, type Profile, profile } from '../../src/jobs/profile.ts'
import { ownAnswer } from '../../src/resolve/own-answer.ts'
import type { FieldProfile } from '../../src/stores/mongo/profile/field-tally.ts'
import type { Finding } from '../../src/stores/mongo/profile/findings.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Product = defineEntity('Product', {
  mongo: 'products',
  postgres: 'products',
  id: int(),
  fields: {
    price: float(),
    stock: int(),
    year: int({ intPrefix: true }),
    name: text({ nullIf: ['-'] }),
    code: text().strict(),
    ssn: text().strict().sensitive(),
    state: enumeration(['open', 'shut']),
    sold: boolean(),
    maker: objectId(),
    cost: decimal(),
    tags: list(text()),
    size: embed({ cm: int() }),
    parts: list(embed({ sku: text(), n: list(int()) })),
  },
})

const hex = '650000000000000000000008'
const documents = [
  {
    _id: 1,
    price: 1.5,
    stock: 1,
    year: 1990,
    name: 'a',
    code: 'x',
    sold: true,
    maker: new ObjectId(hex),
    tags: ['a'],
    size: { cm: 1 },
  },
  {
    _id: 2,
    price: Decimal128.fromString('19.99'),
    stock: '12',
    year: '1995è',
    name: 7,
    code: 7,
    ssn: 123456789,
    state: 'open',
    tags: ['a', null],
  },
  {
    _id: 3,
    price: '',
    stock: '0x10',
    year: 'soon',
    name: '-',
    code: '7',
    state: 'ajar',
    sold: 1,
    maker: hex,
    tags: 'a',
  },
  {
    _id: 4,
    price: '2.5',
    stock: 1.5,
    year: null,
    name: new Binary(Buffer.from('ab')),
    sold: 'yes',
    maker: 'ACME',
    tags: [],
    size: 'big',
  },
  {
    _id: 5,
    price: 'dear',
    stock: Long.fromString('2147483648'),
    name: new Double(1e21),
    maker: hex,
    cost: 'dear',
    tags: [1, 'b'],
  },
  {
    _id: 6,
    price: true,
    stock: '9'.repeat(12),
    name: true,
    cost: 1,
    parts: [{ sku: 'a', n: [1, '2'] }, { sku: 5, n: 'x' }, 'odd'],
  },
  { _id: 7, parts: [{ sku: 'b' }] },
  { _id: 'seven', price: 1 },
  { _id: new ObjectId(hex), price: 1 },
  { _id: new ObjectId('65000000000000000000000a'), price: 1 },
]

let stores: TestStores
let found: Profile
const look = (sample: number | null) =>
  profile({ mongo: stores.mongo, entity: Product, entities: [], answer: ownAnswer, sample })

beforeAll(async () => {
  stores = await openStores([Product])
  await stores.mongo.connection.collection(Product).insertMany(documents as never[])
  found = await look(null)
})
afterAll(() => stores.close())

const field = (path: string): FieldProfile => found.fields.find((each) => each.path === path)!

const line = ({ type, count, id, example }: Finding): string => `${count} ${type} ${id} ${example}`
const lines = (path: string) => {
  const { nulls, own, coerced, lost, otherwise } = field(path)
  return {
    nulls,
    own,
    coerced: coerced.map(line).sort(),
    lost: lost.map((each) => `${line(each)}: ${each.rule}`).sort(),
    otherwise: otherwise.map(line).sort(),
  }
}
const n = (id: number) => `{"$numberInt":"${id}"}`

describe('a profile', () => {
  test('counts documents, and ids by their type', () => {
    expect(found.documents).toBe(10)
    expect(found.ids.map((each) => [each.type, each.count, each.record, each.id]).sort()).toEqual([
      ['int', 7, true, n(1)],
      ['objectId', 2, false, '{"$oid":"650000000000000000000008"}'],
      ['string', 1, false, '"seven"'],
    ])
  })

  test('tells values of another kind that mean something, those that do not, and where answers change', () => {
    expect(lines('price')).toEqual({
      nulls: 1,
      own: 4,
      coerced: [`1 bool ${n(6)} true`, `1 decimal ${n(2)} {"$numberDecimal":"19.99"}`, `1 string ${n(4)} "2.5"`],
      lost: [`1 string ${n(3)} "": is not a number`, `1 string ${n(5)} "dear": is not a number`],
      otherwise: [`1 decimal ${n(2)} {"$numberDecimal":"19.99"}`],
    })
    expect(lines('stock')).toEqual({
      nulls: 4,
      own: 1,
      coerced: [`1 string ${n(2)} "12"`],
      lost: [
        `1 double ${n(4)} {"$numberDouble":"1.5"}: is not a whole number`,
        `1 long ${n(5)} {"$numberLong":"2147483648"}: is past 32 bits`,
        `2 string ${n(3)} "0x10": is not a whole number of 32 bits`,
      ],
      otherwise: [`1 string ${n(3)} "0x10"`],
    })
  })

  test('tells what converters and strictness make of it', () => {
    expect(lines('year')).toMatchObject({
      own: 1,
      coerced: [`1 string ${n(2)} "1995è"`],
      lost: [`1 string ${n(3)} "soon": is not a whole number of 32 bits`],
      otherwise: [`1 string ${n(2)} "1995è"`],
    })
    expect(lines('name')).toEqual({
      nulls: 5,
      own: 1,
      coerced: [`1 bool ${n(6)} true`, `1 int ${n(2)} {"$numberInt":"7"}`],
      lost: [
        `1 binData ${n(4)} {"$binary":{"base64":"YWI=","subType":"00"}}: is not a string`,
        `1 double ${n(5)} {"$numberDouble":"1e+21"}: is not a string`,
      ],
      otherwise: [
        `1 binData ${n(4)} {"$binary":{"base64":"YWI=","subType":"00"}}`,
        `1 double ${n(5)} {"$numberDouble":"1e+21"}`,
        `1 string ${n(3)} "-"`,
      ],
    })
    expect(lines('code')).toMatchObject({ own: 2, coerced: [], otherwise: [`1 int ${n(2)} {"$numberInt":"7"}`] })
  })

  test('tells it of enumerations, booleans, references, and not of scalars that are not GraphQL’s own', () => {
    expect(lines('state')).toMatchObject({ own: 1, otherwise: [`1 string ${n(3)} "ajar"`] })
    expect(lines('sold')).toMatchObject({ own: 1, coerced: [`1 int ${n(3)} {"$numberInt":"1"}`], otherwise: [] })
    expect(lines('maker')).toMatchObject({
      own: 1,
      coerced: [`2 string ${n(3)} "${hex}"`],
      otherwise: [`1 string ${n(4)} "ACME"`],
    })
    expect(lines('cost')).toMatchObject({ own: 1, lost: [`1 string ${n(5)} "dear": is not a number`], otherwise: [] })
  })

  test('looks into lists, objects and lists of objects, and counts a document once for each sort', () => {
    expect(lines('tags')).toEqual({
      nulls: 5,
      own: 3,
      coerced: [`1 int ${n(5)} {"$numberInt":"1"}`],
      lost: [`1 null ${n(2)} null: is null inside a list`, `1 string ${n(3)} "a": is not a list`],
      otherwise: [`1 null ${n(2)} null`],
    })
    expect(lines('size.cm')).toMatchObject({ nulls: 9, own: 1 })
    expect(lines('parts.sku')).toMatchObject({ own: 2, coerced: [`1 int ${n(6)} {"$numberInt":"5"}`] })
    expect(lines('parts.n')).toMatchObject({
      nulls: 1,
      own: 1,
      coerced: [`1 string ${n(6)} "2"`],
      lost: [`1 string ${n(6)} "x": is not a list`],
    })
  })

  test('hides values of sensitive fields', () => {
    expect(field('ssn').lost).toEqual([{ type: 'int', count: 1, id: n(2), example: null, rule: 'is not a string' }])
    expect(JSON.stringify(found)).not.toContain('123456789')
  })

  test('of clean documents says that nothing would answer otherwise', async () => {
    expect(answersOtherwise(found)).toBe(true)
    const Clean = defineEntity('Clean', {
      mongo: 'clean',
      postgres: 'clean',
      id: int(),
      fields: { name: text(), n: int() },
    })
    await stores.mongo.connection.collection(Clean).insertMany([
      { _id: 1, name: 'a' },
      { _id: 2, name: 3, n: '4' },
    ] as never[])
    const clean = await profile({ mongo: stores.mongo, entity: Clean, entities: [], answer: ownAnswer, sample: null })
    expect(clean.documents).toBe(2)
    expect(answersOtherwise(clean)).toBe(false)
  })

  test('of a sample looks at the same documents in every field', async () => {
    const { documents: seen, fields } = await look(4)
    expect(seen).toBe(4)
    for (const { path, nulls, own, coerced, lost } of fields) {
      if (path.startsWith('tags') || path.startsWith('parts')) continue
      const counts = [...coerced, ...lost].map(({ count }) => count)
      expect(counts.reduce((sum, count) => sum + count, nulls + own)).toBe(4)
    }
  })

  test('that is stopped ends', async () => {
    const stopped = AbortSignal.abort()
    const run = profile({
      mongo: stores.mongo,
      entity: Product,
      entities: [],
      answer: ownAnswer,
      sample: null,
      signal: stopped,
    })
    await expect(run).rejects.toMatchObject({ name: 'AbortError' })
  })
})
