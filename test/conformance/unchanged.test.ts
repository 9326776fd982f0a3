import { inspect } from 'node:util'
import {
  add,
  addToSet,
  append,
  binary,
  boolean,
  changeWhere,
  compute,
  decimal,
  defineEntity,
  embed,
  enumeration,
  everything,
  field,
  float,
  increment,
  insert,
  int,
  json,
  list,
  long,
  max,
  min,
  pop,
  pull,
  text,
  timestamp,
  uuid,
  where,
} from 'crossfade'
import { BSON, type CommandStartedEvent, Decimal128, type Document, Double, Int32, Long } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newRecord } from '../../src/entity/new-record.ts'
import { planPatch } from '../../src/query/patch.ts'
import type { Image, Stamp, Steps } from '../../src/stores/store.ts'
import { rawDocument } from '../support/dirty.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const lines = list(
  embed({
    sku: text(),
    pieces: int(),
    price: decimal(),
    weight: float(),
    tags: list(text()),
    gift: embed({ note: text() }),
  }),
)

const Parcel = defineEntity('Parcel', {
  mongo: 'parcels',
  postgres: 'parcels',
  id: int(),
  fields: {
    title: text(),
    note: text({ nullIf: ['-'] }),
    code: text().unique(),
    alias: text().unique(),
    pieces: int(),
    weight: float(),
    price: decimal(),
    mass: long(),
    isFragile: boolean(),
    sent: timestamp(),
    ticket: uuid(),
    seal: binary(),
    state: enumeration(['open', 'done']),
    papers: json(),
    tags: list(text()),
    fees: list(decimal()),
    readings: list(float()),
    extras: list(text()),
    stops: list(text()).childTable('parcel_stops'),
    tolls: list(decimal()).childTable('parcel_tolls'),
    halts: list(text()).childTable('parcel_halts'),
    none: list(text()).childTable('parcel_none'),
    box: embed({ note: text(), size: int(), inner: embed({ kind: text() }) }),
    crate: embed({ note: text() }),
    lines,
    rows: lines.childTable('parcel_rows'),
    blanks: lines,
    gaps: lines.childTable('parcel_gaps'),
  },
})

const [ticket, seal] = ['0198c5a3-7e1c-7bb2-8f4e-00a1b2c3d4e5', 'AP+A']
const papers = { b: 'x', a: ['y', true, null, { n: 1.5, m: 7 }] }
const fig = { sku: 'fig', pieces: 2, price: '1.10', weight: 0.5, tags: ['x', 'y'], gift: { note: 'g' } }
const plum = { sku: 'plum', pieces: 1, price: '2.00', weight: null, tags: null, gift: null }
const box = { note: 'n', size: 4, inner: { kind: 'k' } }
const sent = new Date('1903-12-01T00:00:00.001Z')

const given = {
  title: 'Tea',
  pieces: 3,
  weight: 1.5,
  price: '118.90',
  mass: 9007199254740993n,
  isFragile: true,
  sent,
  ticket,
  seal,
  state: 'open',
  papers,
  tags: ['a', 'b'],
  fees: ['1.50', '2'],
  readings: [0.1, 2],
  stops: ['Oslo', 'Riga', 'Oslo'],
  tolls: ['2.00', '1E+40'],
  none: [],
  box,
  lines: [fig, plum],
  rows: [fig, plum],
  gaps: [],
}

type Input = Record<string, unknown>

const isFig = where(Parcel, 'lines', { sku: { eq: 'fig' } })
const isKiwi = where(Parcel, 'lines', { sku: { eq: 'kiwi' } })

/** What leaves the record as it was. */
const same: readonly (readonly [title: string, patch: Input])[] = [
  ['text', { title: 'Tea' }],
  ['unique text', { code: 'T-1' }],
  ['an int', { pieces: 3 }],
  ['a float', { weight: 1.5 }],
  ['a decimal', { price: '118.90' }],
  ['a long', { mass: 9007199254740993n }],
  ['a boolean', { isFragile: true }],
  ['an instant', { sent }],
  ['a uuid', { ticket }],
  ['binary', { seal }],
  ['an enumeration', { state: 'open' }],
  ['json', { papers }],
  ['null where nothing is', { note: null }],
  ['what means null where nothing is', { note: '-' }],
  ['null where nothing is, of what is unique', { alias: null }],
  ['a whole form', given],
  ['an increment by 0', { pieces: increment(0) }],
  ['a float and 0', { weight: increment(0) }],
  ['a float and what it loses', { weight: increment(1e-30) }],
  ['a decimal and 0', { price: increment('0') }],
  ['a decimal and 0 of fewer places', { price: increment('0.0') }],
  ['a long and 0', { mass: increment(0n) }],
  ['a computed value', { pieces: compute(add(field('pieces'), 0)), weight: compute(field('weight')) }],
  ['min of what is lower', { pieces: min(4), price: min('118.91'), weight: min(1.5), mass: min(9007199254740994n) }],
  ['max of what is higher', { pieces: max(3), sent: max(new Date(-3_000_000_000_000)) }],
  ['a list', { tags: ['a', 'b'], fees: ['1.50', '2'], readings: [0.1, 2] }],
  ['no list where none is', { extras: null }],
  ['an element of a set', { tags: addToSet('a'), readings: addToSet(0.1), fees: addToSet('1.50') }],
  ['taking out what is not there', { tags: pull('z'), fees: pull('3') }],
  ['taking out of no list', { extras: pull('z') }],
  ['popping no list', { extras: pop() }],
  ['a list in a table', { stops: ['Oslo', 'Riga', 'Oslo'], tolls: ['2.00', '1E+40'] }],
  ['an empty list in a table', { none: [] }],
  ['no list in a table where none is', { halts: null }],
  ['an element of a set in a table', { stops: addToSet('Oslo'), tolls: addToSet('2.00') }],
  ['taking out of a table what is not there', { stops: pull('Rome'), halts: pull('Rome'), none: pull('Rome') }],
  ['popping an empty list, or none, in a table', { none: pop(), halts: pop('first') }],
  ['an object', { box }],
  ['a member', { 'box.note': 'n' }],
  ['a member of an object inside', { 'box.inner.kind': 'k', 'box.size': increment(0) }],
  ['an object inside', { 'box.inner': { kind: 'k' } }],
  ['no object where none is', { crate: null }],
  ['a list of objects', { lines: [fig, plum], rows: [fig, plum] }],
  ['no list of objects where none is', { blanks: null }],
  ['an empty list of objects', { gaps: [] }],
  ['taking out objects that are not there', { lines: pull(isKiwi), rows: pull(isKiwi), blanks: pull(isKiwi) }],
  ['popping an empty list of objects, or none', { gaps: pop(), blanks: pop('first') }],
  ['objects that are so', { lines: changeWhere(isFig, { pieces: 2, tags: ['x', 'y'], 'gift.note': 'g' }) }],
  ['objects of a table that are so', { rows: changeWhere(isFig, { price: '1.10', weight: 0.5, gift: fig.gift }) }],
  ['objects by 0', { lines: changeWhere(isFig, { pieces: increment(0), weight: increment(0), tags: addToSet('x') }) }],
  ['objects of a table by 0', { rows: changeWhere(isFig, { pieces: increment(0), tags: addToSet('x') }) }],
  ['no objects', { lines: changeWhere(isKiwi, { pieces: 9 }), rows: changeWhere(isKiwi, { pieces: 9 }) }],
]

/** What does not, though it looks alike. */
const others: readonly (readonly [title: string, patch: Input])[] = [
  ['case', { title: 'tea' }],
  ['spaces at the end', { title: 'Tea ' }],
  ['an empty text for null', { note: '' }],
  ['null', { title: null }],
  ['null of what is unique', { code: null }],
  ['the places of a decimal', { price: '118.9' }],
  ['the places of a sum', { price: increment('0.000') }],
  ['the places of decimals in a list', { fees: ['1.5', '2'] }],
  ['the places of decimals in a table', { tolls: ['2.0', '1E+40'] }],
  ['the places of a decimal of an object', { lines: changeWhere(isFig, { price: '1.1' }) }],
  ['the places of a decimal of an object in a table', { rows: changeWhere(isFig, { price: '1.1' }) }],
  ['the places of a decimal in a list of objects', { lines: [{ ...fig, price: '1.1' }, plum] }],
  ['the places of a decimal in a table of objects', { rows: [{ ...fig, price: '1.1' }, plum] }],
  ['the last digit of a long', { mass: 9007199254740992n }],
  ['the last bit of a float', { weight: 1.5000000000000002 }],
  ['a millisecond', { sent: new Date('1903-12-01T00:00:00.002Z') }],
  ['the order of keys in json', { papers: { a: papers.a, b: 'x' } }],
  ['a null in json', { papers: { ...papers, c: null } }],
  ['the order of a list', { tags: ['b', 'a'] }],
  ['the order of a list in a table', { stops: ['Oslo', 'Oslo', 'Riga'] }],
  ['the order of objects', { lines: [plum, fig] }],
  ['the order of objects in a table', { rows: [plum, fig] }],
  ['the order of a list of an object', { rows: [{ ...fig, tags: ['y', 'x'] }, plum] }],
  ['another element', { tags: append('b') }],
  ['another element of a table', { stops: append('Oslo') }],
  ['one in between', { stops: insert('Oslo', 0) }],
  ['an element less', { stops: pull('Riga') }],
  ['the last one less', { stops: pop() }],
  ['a new element of a set', { stops: addToSet('Rome') }],
  ['a set that was none', { halts: addToSet('Rome') }],
  ['an empty list for none', { extras: [] }],
  ['an empty list for none in a table', { halts: [] }],
  ['no list for an empty one in a table', { none: null }],
  ['an empty list of objects for none', { blanks: [] }],
  ['no list of objects for an empty one', { gaps: null }],
  ['an empty object for none', { crate: {} }],
  ['no object for one of nulls', { 'box.inner': null }],
  ['a member less', { box: { note: 'n', size: 4, inner: {} } }],
  ['an empty object of an object in a list', { rows: changeWhere(everything, { gift: {} }) }],
  ['one of several', { ...given, pieces: 4 }],
  ['a list of several', { ...given, tolls: ['2.00'] }],
  ['an increment', { pieces: increment(1) }],
  ['an object of a list', { lines: changeWhere(everything, { pieces: 2 }) }],
]

/** In a collection to which tea and TEA are one. */
const Folded = defineEntity('Folded', { mongo: 'folded', postgres: 'folded', id: int(), fields: { title: text() } })

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Parcel, Folded])
  const { db } = stores.mongo.connection
  await db.dropCollection('folded')
  await db.createCollection('folded', { collation: { locale: 'en', strength: 2 } })
})
afterAll(() => stores.close())

let next = 1
const stamp = { epoch: 1, owed: true }
const free = { epoch: 1, owed: false }

describe.each(['mongo', 'postgres'] as const)('In %s', (origin) => {
  const authority = () => stores[origin].authority
  const patch = (id: number, input: Input, by: Stamp = stamp) =>
    authority().patch(Parcel, id, planPatch(Parcel, input), by)
  const isOwed = async (id: number): Promise<boolean> => (await stores[origin].outbox.owedFor(Parcel, [id])).has(id)
  /** With a code of its own, which unique values need. */
  async function made(by: Stamp = free): Promise<Image & { readonly id: number }> {
    const id = next++
    const image = await authority().create(Parcel, newRecord(Parcel, id, { ...given, code: `T-${id}` } as never), by)
    return { ...image, id }
  }
  const withCode = (id: number, input: Input): Input => ('code' in input && input['code'] ? { code: `T-${id}` } : input)

  test.each(same)('%s is no new version, and nothing is owed', async (_title, input) => {
    const { id, version, record } = await made()
    expect(await patch(id, withCode(id, input))).toMatchObject({ version, pending: false, record })
    const [stored] = await stores[origin].outbox.images(Parcel, [id])
    expect(stored).toMatchObject({ version, record })
    expect(await isOwed(id)).toBe(false)
  })

  test.each(others)('%s is a new version, and owed', async (_title, input) => {
    const { id, version, record } = await made()
    const image = await patch(id, input)
    expect(image).toMatchObject({ version: { epoch: 1, counter: version.counter + 1 }, pending: true })
    expect(inspect(image!.record, { depth: 9 })).not.toBe(inspect(record, { depth: 9 })) // which has keys in their order
    expect(await isOwed(id)).toBe(true)
    // And once it is so, no further one
    if (!/another|between|less|sum|increment/.test(_title)) expect(await patch(id, input)).toMatchObject(image!)
  })

  test('what is owed from before stays so', async () => {
    const { id, version } = await made(stamp)
    expect(await patch(id, { title: 'Tea' })).toMatchObject({ version, pending: true })
    expect(await isOwed(id)).toBe(true)
  })

  test('a writer of a later epoch leaves the version, and one of an earlier epoch is refused', async () => {
    const { id, version } = await made()
    expect(await patch(id, { title: 'Tea' }, { epoch: 2, owed: true })).toMatchObject({ version, pending: false })
    await patch(id, { title: 'Mate' }, { epoch: 2, owed: true })
    await expect(patch(id, { title: 'Mate' })).rejects.toMatchObject({ code: 'TRY_AGAIN' })
  })

  test('a condition is asked all the same, and a version', async () => {
    const { id, version } = await made()
    const title = planPatch(Parcel, { title: 'Tea', stops: given.stops })
    const when = (pieces: number) => ({ when: { op: 'eq', path: 'pieces', value: pieces } as const })
    expect(await authority().patch(Parcel, id, title, stamp, when(3))).toMatchObject({ version, pending: false })
    expect(await authority().patch(Parcel, id, title, stamp, when(4))).toBeNull()
    expect(await authority().patch(Parcel, id, title, stamp, { at: version })).toMatchObject({ version })
    const other = { ...version, counter: version.counter - 1 }
    expect(await authority().patch(Parcel, id, title, stamp, { at: other })).toBeNull()
    expect(await patch(-1, { title: 'Tea', stops: given.stops })).toBeNull()
  })

  test('a step of a transaction is no new version either, and the next one sees none', async () => {
    const { id, version } = await made()
    const step = (steps: Steps, input: Input) => steps.patch(Parcel, id, planPatch(Parcel, input), stamp)
    const images = await authority().together(
      async (steps) => [
        await step(steps, { title: 'Tea', stops: given.stops }),
        await step(steps, { title: 'Mate' }),
        await step(steps, { title: 'Mate', rows: pull(isKiwi) }),
      ],
      () => undefined,
    )
    const counters = images.map((image) => [image!.version.counter - version.counter, image!.pending])
    expect(counters).toEqual([
      [0, false],
      [1, true],
      [1, true],
    ])
  })

  test('a record that has no version has none behind it', async () => {
    const id = next++
    await stores.mongo.connection.collection(Parcel).insertOne({ _id: id, title: 'Tea' } as Document)
    const images = await stores.mongo.outbox.images(Parcel, [id])
    if (origin === 'postgres') await stores.postgres.replica.bulkPut(Parcel, images, 1)
    const unversioned = { epoch: 0, counter: 0 }
    expect(await patch(id, { title: 'Tea', tags: null })).toMatchObject({ version: unversioned, pending: false })
    expect(await rawDocument(stores, Parcel, id)).toEqual({ title: 'Tea' })
  })
})

/** Documents that others have written, what is set in them, and whether that is a new version. */
const stored: readonly (readonly [title: string, document: Document, patch: Input, isNew: boolean])[] = [
  ['missing for null', {}, { title: null }, false],
  ['null for null', { title: null }, { title: null }, false],
  ['null for null where a sparse index would count it', { code: null }, { code: null }, true],
  ['what means null', { note: '-' }, { note: null }, true],
  ['a dirty value for null', { pieces: 'many' }, { pieces: null }, true],
  ['a text that is coerced', { title: 5 }, { title: '5' }, true],
  ['an int', { pieces: new Int32(3) }, { pieces: 3 }, false],
  ['a double for an int', { pieces: new Double(3) }, { pieces: 3 }, true],
  ['a long for an int', { pieces: Long.fromNumber(3) }, { pieces: 3 }, true],
  ['a double for an int, and 0', { pieces: new Double(3) }, { pieces: increment(0) }, true],
  ['a decimal for a float', { weight: Decimal128.fromString('1.5') }, { weight: 1.5 }, true],
  ['an int for a float', { weight: new Int32(6) }, { weight: 6 }, true],
  ['minus zero', { weight: new Double(-0) }, { weight: 0 }, true],
  ['an int for a decimal', { price: new Int32(7) }, { price: '7' }, true],
  ['zeros before the point', { price: Decimal128.fromString('1.50E+3') }, { price: '1500' }, true],
  ['a double for a long', { mass: new Double(5) }, { mass: 5n }, true],
  ['doubles in a list of floats', { readings: [new Double(1)] }, { readings: [1] }, false],
  ['ints in a list of floats', { readings: [new Int32(1)] }, { readings: [1] }, true],
  ['a list with a dirty element', { tags: ['a', null] }, { tags: pull('z') }, true],
  ['a text for a list', { tags: 'a' }, { tags: pull('z') }, true],
  ['a list of objects in the place of an object', { box: [{ note: 'n' }] }, { 'box.note': 'n' }, true],
  ['an object that is not there', {}, { 'box.note': null }, true],
  ['what the object has besides', { box: { note: 'n', by: 1 } }, { 'box.note': 'n' }, false],
  ['what the objects have besides', { lines: [{ sku: 'fig', by: 1 }] }, { lines: [{ sku: 'fig' }] }, true],
  ['objects that stay', { lines: [{ sku: 'fig', by: 1 }] }, { lines: changeWhere(isFig, { sku: 'fig' }) }, false],
  ['null of objects', { lines: [{ sku: 'fig', gift: null }] }, { lines: changeWhere(isFig, { gift: null }) }, false],
  ['ints of objects', { lines: [{ pieces: new Int32(1) }] }, { lines: [{ pieces: 1 }] }, false],
  ['doubles of objects', { lines: [{ pieces: new Double(1) }] }, { lines: [{ pieces: 1 }] }, true],
  ['decimals of objects', { lines: [{ price: Decimal128.fromString('1.0') }] }, { lines: [{ price: '1.00' }] }, true],
  ['an object among what is none', { lines: [{ sku: 'fig' }, 5] }, { lines: pull(isKiwi) }, true],
  ['json without numbers', { papers: { a: ['x', null, true] } }, { papers: { a: ['x', null, true] } }, false],
  ['json with numbers', { papers: { n: [1, 2.5], $a: 3 } }, { papers: { n: [1, 2.5], $a: 3 } }, false],
  [
    'json with a key that looks like an operator',
    { papers: { $eq: { 'a.b': 1 } } },
    { papers: { $eq: { 'a.b': 1 } } },
    false,
  ],
  ['a decimal in json', { papers: [Decimal128.fromString('1')] }, { papers: [1] }, true],
  [
    'the places of a decimal in json',
    { papers: { n: Decimal128.fromString('1.0') } },
    { papers: { n: { $numberDecimal: '1.00' } } },
    true,
  ],
  ['a double in json', { papers: { a: [{ n: new Double(1) }] } }, { papers: { a: [{ n: 1 }] } }, true],
  ['json that is a number', { papers: 1 }, { papers: 1 }, false],
  ['json that is another number', { papers: Long.fromNumber(1) }, { papers: 1 }, true],
  ['json of more than is asked', { papers: Array(101).fill(1) }, { papers: Array(101).fill(1) }, true],
  ['json with a key of no letters', { papers: { '': 'x' } }, { papers: { '': 'x' } }, true],
  ['other keys of objects in json', { papers: [{ a: 'x', b: 'y' }] }, { papers: [{ b: 'y', a: 'x' }] }, true],
]

describe('In MongoDB, where equal values may be stored otherwise', () => {
  const authority = () => stores.mongo.authority

  test.each(stored)('%s', async (_title, document, input, isNew) => {
    const id = next++
    await stores.mongo.connection.collection(Parcel).insertOne({ _id: id, ...document } as Document)
    const image = await authority().patch(Parcel, id, planPatch(Parcel, input), stamp)
    expect([image!.version.counter > 0, image!.pending]).toEqual([isNew, isNew])
    if (!isNew)
      expect(BSON.EJSON.stringify(await rawDocument(stores, Parcel, id))).toEqual(BSON.EJSON.stringify(document))
  })

  test('it is one command all the same', async () => {
    const { id } = await authority().create(Parcel, newRecord(Parcel, next++, { title: 'Tea' }), free)
    const sent: string[] = []
    const listen = ({ commandName }: CommandStartedEvent) => sent.push(commandName)
    stores.mongo.writes.client.on('commandStarted', listen)
    await authority().patch(Parcel, id, planPatch(Parcel, { title: 'Tea' }), stamp)
    stores.mongo.writes.client.off('commandStarted', listen)
    expect(sent).toEqual(['findAndModify'])
  })

  // Stand-in (SecantusDB): its expressions compare bytes under any collation, so that this asks nothing of it
  test('other letters, where the collection takes them for the same', async () => {
    const { version } = await authority().create(Folded, newRecord(Folded, 1, { title: 'tea' }), free)
    const image = await authority().patch(Folded, 1, planPatch(Folded, { title: 'TEA' }), stamp)
    expect(image).toMatchObject({ version: { epoch: 1, counter: version.counter + 1 }, record: { title: 'TEA' } })
  })

  test('a transaction that has gone by what it left as it was is run anew where others have changed that', async () => {
    const [id, other] = [next++, next++]
    for (const each of [id, other]) await authority().create(Parcel, newRecord(Parcel, each, { title: 'Tea' }), free)
    const same = planPatch(Parcel, { title: 'Tea' })
    const isTea = { when: { op: 'eq', path: 'title', value: 'Tea' } } as const
    const found = await authority().together(
      async (steps) => {
        await steps.images(Parcel, [other]) // from here on it sees the store as it is
        await authority().patch(Parcel, id, planPatch(Parcel, { title: 'Mate' }), stamp)
        return steps.patch(Parcel, id, same, stamp, isTea)
      },
      () => undefined,
    )
    expect(found).toBeNull()
  })
})
