import {
  compositeId,
  defineEntity,
  type Fields,
  float,
  idOf,
  int,
  list,
  long,
  objectId,
  partsOf,
  text,
  timestamp,
  uuid,
} from 'crossfade'
import { describe, expect, test } from 'vitest'
import { checkEntities } from '../../src/entity/checks.ts'
import { compareIds } from '../../src/entity/compare-ids.ts'
import { mappingDigest } from '../../src/entity/mapping-digest.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { planPatch } from '../../src/query/patch.ts'

const Stock = defineEntity('Stock', {
  mongo: 'stocks',
  postgres: 'stocks',
  id: compositeId({ store: text(), number: int() }),
  fields: {
    name: text(),
    store: text().at('_id.store').required(),
    pieces: int(),
    number: int().at('_id.number'),
  },
})

const Reading = defineEntity('Reading', {
  mongo: 'readings',
  postgres: 'readings',
  id: compositeId({ at: timestamp(), of: uuid(), by: objectId(), count: long(), note: text() }),
  fields: {},
})

const reading = {
  at: new Date('1969-12-31T23:59:59.999Z'),
  of: '0F0E0D0C-0000-4000-8000-00000000000A',
  by: '5F00000000000000000000AA',
  count: 9007199254740993n,
  note: 'ä',
}
const readingId = [
  '7fffffffffffffff', // one millisecond before 1970
  '0f0e0d0c00004000800000000000000a',
  '5f00000000000000000000aa',
  '8020000000000001', // 2^53 + 1
  'c3a400',
].join('')

const input = (message: string) => expect.objectContaining({ code: 'BAD_USER_INPUT', message })

describe('An id of several parts', () => {
  test('is one text of the bytes of its parts, and is taken apart again', () => {
    expect(idOf(Stock, { store: 's1', number: 5 })).toBe('7331008000000000000005')
    expect(partsOf(Stock, '7331008000000000000005')).toEqual({ store: 's1', number: 5 })
    expect(idOf(Reading, reading)).toBe(readingId)
    expect(idOf(Reading, { ...reading, at: '1969-12-31T23:59:59.999Z', count: '9007199254740993' })).toBe(readingId)
    expect(partsOf(Reading, readingId.toUpperCase())).toEqual({
      ...reading,
      of: '0f0e0d0c-0000-4000-8000-00000000000a',
      by: '5f00000000000000000000aa',
    })
    expect(Object.keys(partsOf(Reading, readingId))).toEqual(['at', 'of', 'by', 'count', 'note'])
  })

  test.each<[parts: unknown, message: string]>([
    [{ store: 's1' }, 'Stock.id: number: undefined is not a valid int: expected a whole number of 32 bits.'],
    [{ store: null, number: 5 }, 'Stock.id: store: null is not a valid text: expected a string.'],
    [{ store: 's1', number: 5.5 }, 'Stock.id: number: 5.5 is not a valid int: expected a whole number of 32 bits.'],
    [{ store: 's1', number: 5, more: 1 }, 'Stock.id: an id has no part "more".'],
    [null, 'Stock.id: an id is an object with store and number.'],
    [undefined, 'Stock.id: an id is an object with store and number.'],
    ['s1', 'Stock.id: an id is an object with store and number.'],
    [['s1', 5], 'Stock.id: an id is an object with store and number.'],
    [{ number: 5, constructor: 's1' }, 'Stock.id: an id has no part "constructor".'],
  ])('names the part that is wrong in %o', (parts, message) => {
    expect(() => idOf(Stock, parts as never)).toThrow(input(message))
  })

  test.each([
    '',
    '5',
    'x',
    '733100800000000000000', // half a byte too little
    '73310080000000000000', // a byte too little
    '733100800000000000000500', // one too many
    '73318000000000000005', // no end of the text
    'ff008000000000000005', // no UTF-8
    'eda080008000000000000005', // a surrogate
    '733100ffffffffffffffff', // past 32 bits
    '{"store":"s1","number":5}',
  ])('is none where it reads %j', (id) => {
    expect(() => partsOf(Stock, id)).toThrow(
      input(`Stock.id: ${JSON.stringify(id)} is not a valid id: expected the hex digits that idOf makes of its parts.`),
    )
  })

  test('is ordered part by part', () => {
    const order = [
      ['', -1],
      ['', 0],
      ['a', -2147483648],
      ['a', -1],
      ['a', 2],
      ['a', 10],
      ['a', 2147483647],
      ['a!', -5],
      ['aa', -5],
      ['ä', 0],
      ['\ufffd', 0],
      ['\u{10000}', 0],
    ] as const
    const ids = order.map(([store, number]) => idOf(Stock, { store, number }))
    expect(ids.toReversed().toSorted(compareIds(Stock))).toEqual(ids)
    expect(ids.map((id) => Object.values(partsOf(Stock, id)))).toEqual(order)
  })

  test('is asked of an entity that has such ids', () => {
    const Other = defineEntity('Other', { mongo: 'others', postgres: 'others', id: text(), fields: {} })
    const because = expect.objectContaining({
      code: 'MISCONFIGURED',
      message: 'Other.id has no parts: it is no compositeId().',
    })
    expect(() => idOf(Other as never, {})).toThrow(because)
    expect(() => partsOf(Other as never, '00')).toThrow(because)
  })
})

describe('A field that shows a part of the id', () => {
  const id = '7331008000000000000005'

  test('is filled from the id, and may repeat it', () => {
    const record = { id, name: 'a', store: 's1', pieces: null, number: 5 }
    expect(newRecord(Stock, id, { name: 'a' })).toEqual(record)
    expect(newRecord(Stock, id, { name: 'a', store: 's1', number: 5 })).toEqual(record)
  })

  test.each<[object, string]>([
    [{ store: 's2' }, 'Stock.store is "s2", and "s1" in the id.'],
    [{ number: 6 }, 'Stock.number is 6, and 5 in the id.'],
    [{ number: null }, 'Stock.number is null, and 5 in the id.'],
    [{ store: null }, 'Stock.store must not be null.'],
  ])('is refused where it says otherwise: %o', (values, message) => {
    expect(() => newRecord(Stock, id, values as never)).toThrow(input(message))
  })

  test('is never changed', () => {
    for (const value of ['s1', 's2', null])
      expect(() => planPatch(Stock, { store: value })).toThrow(
        input('Stock.store is a part of the id, which never changes.'),
      )
  })
})

const define = (fields: Fields, idField: object = compositeId({ store: text(), number: int() })): unknown =>
  defineEntity('Thing', { mongo: 'things', postgres: 'things', id: idField as never, fields })

describe('A mapping with an id of several parts', () => {
  const twoParts = 'Name two or more, each text(), int(), long(), uuid(), objectId() or timestamp() alone.'
  const flaw = `Thing.id has a part that is none, or fewer than two. ${twoParts}`
  test.each<[string, () => unknown, string]>([
    ['one part', () => define({}, compositeId({ store: text() })), flaw],
    ['a fraction', () => define({}, compositeId({ store: text(), n: float() } as never)), flaw],
    ['a list', () => define({}, compositeId({ store: text(), n: list(int()) } as never)), flaw],
    ['a converter', () => define({}, compositeId({ store: text({ nullIf: [''] }), n: int() })), flaw],
    ['a required part', () => define({}, compositeId({ store: text().required(), n: int() })), flaw],
    [
      'a part in a part',
      () => define({}, compositeId({ 'a.b': text(), n: int() })),
      'Thing.id has a part "a.b", with a dot in its name. Map no such objects.',
    ],
    [
      'a part that is a number',
      () => define({}, compositeId({ 0: text(), n: int() })),
      'Thing.id.0 has the Mongo path "0", with a step that is empty, a number or starts with $. Map the value around it with json() or list().',
    ],
    [
      'a reference of one part',
      () => define({ a: compositeId({ store: text() }) }),
      `Thing.a has a part that is none, or fewer than two. ${twoParts}`,
    ],
    [
      'a field at no part',
      () => define({ a: text().at('_id.shop') }),
      'Thing.a has the Mongo path "_id.shop", which Crossfade owns. The id is mapped by `id`; choose another path with .at().',
    ],
    [
      'a field at a part of an id without any',
      () => define({ a: text().at('_id.store') }, text()),
      'Thing.a has the Mongo path "_id.store", which Crossfade owns. The id is mapped by `id`; choose another path with .at().',
    ],
    [
      'a field of another kind than its part',
      () => define({ a: long().at('_id.number') }),
      'Thing.a is not what _id.number is. Use int() with no converter, and not as unique.',
    ],
    [
      'a unique field at a part',
      () => define({ a: text().at('_id.store').unique() }),
      'Thing.a is not what _id.store is. Use text() with no converter, and not as unique.',
    ],
    [
      'a list at a part',
      () => define({ a: list(text()).at('_id.store') }),
      'Thing.a is not what _id.store is. Use text() with no converter, and not as unique.',
    ],
    [
      'two fields at one part',
      () => define({ a: text().at('_id.store'), b: text().at('_id.store') }),
      'Thing.b uses the Mongo path "_id.store" of a. Map each path once.',
    ],
  ])('is refused with %s', (_title, made, message) => {
    expect(made).toThrow(expect.objectContaining({ code: 'MISCONFIGURED', message }))
  })

  test('shares its collection with types whose ids have the same parts, in the same order', () => {
    const of = (name: string, id: object) =>
      defineEntity(name, { mongo: 'all', postgres: name, id: id as never, where: { k: name }, fields: { k: text() } })
    const one = of('a', compositeId({ x: text(), y: int() }))
    expect(() => checkEntities([one, of('b', compositeId({ x: text(), y: int() }))])).not.toThrow()
    expect(() => checkEntities([one, of('b', compositeId({ y: int(), x: text() }))])).toThrow(
      'b.id is of another kind than that of a in all. Use the same.',
    )
  })

  test('is another one where the parts are', () => {
    const of = (id: object, field: object) =>
      mappingDigest(
        defineEntity('a', { mongo: 'a', postgres: 'a', id: id as never, fields: { f: field as never } }) as never,
      )
    const [xy, yx] = [compositeId({ x: text(), y: int() }), compositeId({ y: int(), x: text() })]
    expect(new Set([of(xy, xy), of(xy, yx), of(yx, xy), of(yx, yx)]).size).toBe(4)
    expect(of(xy, yx)).toBe(of(compositeId({ x: text(), y: int() }), yx))
  })
})
