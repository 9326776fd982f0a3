import { defineEntity, embed, enumeration, float, int, json, list, text, timestamp } from 'crossfade'
import { Decimal128, Double, Int32, Long } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answersOtherwise, type Profile, profile } from '../../src/jobs/profile.ts'
import { ownAnswer } from '../../src/resolve/own-answer.ts'
import type { FieldProfile } from '../../src/stores/mongo/profile/field-tally.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Owner = defineEntity('Owner', { mongo: 'owners', postgres: 'owners', id: int(), fields: { name: text() } })
const Van = defineEntity('Van', {
  mongo: 'vans',
  postgres: 'vans',
  id: int(),
  fields: {
    plate: text().required().unique(),
    code: text().unique({ nulls: 'one' }),
    serial: text(),
    owner: int().references('Owner'),
    seats: int(),
    price: float({ nullIf: ['-'] }),
    state: enumeration(['new', 'used']),
    built: timestamp(),
    engine: embed({ power: int().at('kW'), fuel: text() }),
    brakes: embed({ disc: text() }).at('chassis.brakes'),
    tags: list(text()),
    trips: list(embed({ km: int() })),
    secret: int().sensitive(),
    notes: json(),
    checked: timestamp(),
    wheels: int({ intPrefix: true }).at('n'),
    load: int().strict(),
    serviced: timestamp(),
    sold: timestamp({ nullIf: [''] }),
    labels: list(text()),
  },
})

let stores: TestStores
let found: Profile
const run = (entity: typeof Van | typeof Owner, more: Partial<Parameters<typeof profile>[0]> = {}) =>
  profile({ mongo: stores.mongo, entity, entities: [Owner, Van], answer: ownAnswer, sample: null, ...more })

const id = (n: number): string => `{"$numberInt":"${n}"}`
const field = (path: string): FieldProfile => found.fields.find((each) => each.path === path)!
const lost = (path: string): string[] =>
  field(path).lost.map(({ type, count, rule, id: first }) => `${count} ${type} ${rule} ${first}`)

const documents = [
  {
    _id: 1,
    plate: 'A',
    code: 'x',
    serial: 's1',
    owner: 1,
    seats: 2,
    price: 1.5,
    state: 'new',
    built: new Date('1990-05-01T00:00:00Z'),
    engine: { kW: 70, fuel: 'gas', maker: 'VW' },
    chassis: { brakes: { disc: 'front', pads: 4 }, axles: 2 },
    tags: ['a', 'b'],
    trips: [{ km: 1, from: 'Ulm' }, { km: 2 }],
    secret: 4711,
    notes: { any: 1 },
    colour: 'red',
    checked: '1990-05-01',
    n: '4 wheels',
    load: [1],
    serviced: '2021-03-04T05:06:07Z',
    sold: '2021-03-04T05:06:07Z',
    labels: 'new',
    'odd key': 1,
  },
  {
    _id: 2,
    plate: new Int32(7),
    serial: 's2',
    owner: 9,
    seats: 'N/A',
    price: '-',
    state: 'lost',
    built: new Date('2001-02-03T04:05:06Z'),
    engine: 'none',
    tags: [],
    trips: ['walked'],
    secret: 'hidden 4712',
    colour: 'blue',
    checked: 'soon',
    n: '',
    load: [2, 3],
    serviced: new Double(1.6e12),
    sold: '',
    size: { w: new Double(1.5), h: new Int32(2) },
  },
  {
    _id: 3,
    plate: '7',
    code: null,
    owner: 9,
    seats: '8 seats',
    price: 2,
    engine: [{ kW: 1 }],
    serviced: new Date(0),
    size: { w: new Int32(1) },
  },
  { _id: 4, code: 'x', seats: 2.5, price: Decimal128.fromString('3'), trips: 'many', log: [{ at: new Date(0) }] },
  { _id: 5, plate: 'A', owner: null, seats: Long.fromString('9007199254740993'), log: [] },
  { _id: 6, plate: 'gone', code: 'gone', owner: 77, _cf: { deleted: true } },
]

beforeAll(async () => {
  stores = await openStores([Owner, Van])
  await stores.mongo.connection.collection(Owner).insertMany([{ _id: 1 }, { _id: 2 }] as never[])
  await stores.mongo.connection.collection(Van).insertMany(documents as never[])
  found = await run(Van)
})
afterAll(() => stores.close())

describe('a profile of all documents', () => {
  test('tells which were seen, how large they are, and leaves out what readers do not see', () => {
    expect(found.documents).toBe(5)
    expect(found.seen).toMatchObject({ how: 'all', estimated: 6, readPreference: 'primary', first: id(1), last: id(5) })
    expect(found.bytes).toMatchObject({ largest: id(1) })
    expect(found.bytes!.bars.reduce((sum, { count }) => sum + count, 0)).toBe(5)
    expect(found.bytes!.max).toBeGreaterThan(found.bytes!.min)
  })

  test('tells missing from null, and what is required and not there', () => {
    expect([field('code').missing, field('code').nulls]).toEqual([2, 3])
    expect(lost('plate')).toEqual([`1 missing is required but null or missing ${id(4)}`])
    expect([field('plate').missing, field('plate').nulls]).toEqual([1, 0])
  })

  test('tells objects and lists that are none, and what stands in lists of objects', () => {
    expect(lost('engine')).toEqual([`1 string is not an object ${id(2)}`, `1 array is not an object ${id(3)}`])
    expect(field('engine')).toMatchObject({ kind: 'object', own: 1, nulls: 2 })
    expect(lost('trips')).toEqual([`1 string is not an object ${id(2)}`, `1 string is not a list ${id(4)}`])
    expect(field('trips')).toMatchObject({ kind: 'objects', own: 2, elements: { min: 1, p50: 1, p99: 2, max: 2 } })
    expect(field('brakes.disc')).toMatchObject({ own: 1, missing: 4 })
  })

  test('tells extremes, lengths of texts and of lists, and none of a sensitive field', () => {
    expect(field('built').range).toEqual({ min: '1990-05-01', max: '2001-02-03T04:05:06.000Z' })
    expect(field('price').range).toEqual({ min: '1.5', max: '3' })
    expect(field('serial').lengths).toEqual({ min: 2, p50: 2, p99: 2, max: 2 })
    expect(field('tags').elements).toEqual({ min: 0, p50: 0, p99: 2, max: 2 })
    expect(field('secret')).toMatchObject({ own: 1, range: null, strays: [] })
    expect(JSON.stringify(found)).not.toMatch(/471[12]/)
  })

  test('tells what the mapping does not name, with types and shares, inside of objects and lists, too', () => {
    const flat = (each: Profile['unmapped'][number] | Profile['unmapped'][number]['members'][number]): string[] => [
      `${each.path} ${each.documents} ${each.types.map(({ type, count }) => `${type} ${count}`).join(', ')}`,
      ...each.members.flatMap((member) => flat(member as never)),
    ]
    expect(found.unmapped.flatMap(flat).sort()).toEqual([
      'chassis.axles 1 int 1',
      'chassis.brakes.pads 1 int 1',
      'colour 2 string 2',
      'engine.maker 1 string 1',
      'log 2 array 2',
      'log[] 1 object 1',
      'log[].at 1 date 1',
      'odd key 1 int 1',
      'size 2 object 2',
      'size.h 1 int 1',
      'size.w 2 double 1, int 1',
      'trips[].from 1 string 1',
    ])
  })

  test('tells duplicates by what records hold, and counts nulls as the key does', () => {
    const told = found.unique.map(({ paths, nulls, found: held }) => [paths, nulls, held])
    expect(told).toEqual([
      // 7 is "7" in a text field
      [['plate'], 'many', { values: 2, documents: 4, example: [id(1), id(5)] }],
      // Null and missing are one value
      [['code'], 'one', { values: 2, documents: 5, example: [id(2), id(5)] }],
    ])
  })

  test('tells references that lead nowhere', () => {
    expect(found.references).toEqual([{ path: 'owner', to: 'Owner', documents: 3, orphans: 2, example: id(2) }])
  })

  test('suggests fields that fit', () => {
    expect(found.suggestions.map(({ within, code }) => `${within}|${code}`)).toEqual([
      '|plate: text(),',
      `|code: text(),`,
      `|seats: float({ nullIf: ['N/A'] }),`,
      `|state: enumeration(['new', 'used', 'lost']),`,
      '|checked: text(),',
      `|wheels: int({ nullIf: [''], intPrefix: true }).at('n'),`,
      '|load: list(int().strict()),',
      `|serviced: timestamp({ forms: ['date', 'text', 'milliseconds'] }),`,
      `|sold: timestamp({ nullIf: [''], forms: ['text'] }),`,
      '|labels: list(text(), { orOne: true }),',
      '|colour: text(),',
      '|size: embed({ w: float(), h: int() }),',
      '|log: list(embed({ at: timestamp() })),',
      `|oddKey: int().at('odd key'),`,
      'engine|maker: text(),',
      `|axles: int().at('chassis.axles'),`,
      'brakes|pads: int(),',
      'trips|from: text(),',
    ])
  })

  test('would be told to differ', () => {
    expect(answersOtherwise(found)).toBe(true)
  })
})
