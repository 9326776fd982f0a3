import {
  addToSet,
  append,
  boolean,
  changeWhere,
  decimal,
  defineEntity,
  embed,
  everything,
  increment,
  insert,
  int,
  list,
  long,
  min,
  pop,
  pull,
  text,
  timestamp,
  type Where,
  where,
} from 'crossfade'
import { sql } from 'kysely'
import type { Document } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Entity, Id } from '../../src/entity/entity.ts'
import { fieldSet } from '../../src/entity/field-set.ts'
import { totalOrder } from '../../src/query/order.ts'
import { planPatch } from '../../src/query/patch.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { insertRaw, rawDocument } from '../support/dirty.ts'
import { copyAll, openStores, type TestStores } from '../support/stores.ts'

/** One list of objects, kept in either way. */
const lines = list(
  embed({
    sku: text({ nullIf: ['-'] }),
    pieces: int(),
    price: decimal(),
    weight: long(),
    packed: timestamp(),
    tags: list(text()),
    gift: embed({ note: text(), wrapped: boolean() }),
  }),
).at('order.lines')

const entityOf = (name: string, field: typeof lines) =>
  defineEntity(name, { mongo: name, postgres: name, id: int(), fields: { lines: field, note: text() } })

const Rows = entityOf('rows', lines.childTable('rows_lines'))
const Columns = entityOf('columns', lines)

const documents: readonly Document[] = [
  {
    _id: 1,
    order: {
      lines: [
        { sku: 'apple', pieces: 3, tags: ['red', 'sweet'], gift: { note: 'Hi', wrapped: true } },
        { sku: 'Pear', pieces: 1, packed: new Date(-5) },
      ],
    },
  },
  {
    _id: 2,
    order: {
      lines: [
        { sku: 'apple', pieces: 1 },
        { sku: 'fig', pieces: 3, gift: {} },
      ],
    },
  },
  { _id: 3, order: { lines: [] } },
  { _id: 4, order: { lines: null } },
  { _id: 5 },
  { _id: 6, order: { lines: [{ sku: '-', pieces: 'three' }, { sku: ['apple'] }, 'apple', null] } },
  { _id: 7, order: [{ lines: [{ sku: 'apple', pieces: 3 }] }] },
  { _id: 8, order: { lines: { sku: 'apple', pieces: 3 } } },
  { _id: 9, order: { lines: [{ sku: 'apple', pieces: 5, gift: [{ note: 'Hi' }] }] } },
]

const some = (where: Where): Where => ({ op: 'some', path: 'lines', where })
const not = (of: Where): Where => ({ op: 'not', of })
const eq = (path: string, value: unknown): Where => ({ op: 'eq', path, value })
const both = (...of: Where[]): Where => ({ op: 'and', of })
const apple = eq('sku', 'apple')

/** What each question finds. 4, 5, 7 and 8 have no list; 6 has two objects of nothing but nulls. */
const questions: readonly (readonly [title: string, where: Where, ids: readonly number[]])[] = [
  ['some equal', some(apple), [1, 2, 9]],
  ['one object matches both', some(both(apple, eq('pieces', 3))), [1]],
  ['two objects match one each', both(some(apple), some(eq('pieces', 3))), [1, 2]],
  ['every: also of none, and of no list', not(some(not(apple))), [3, 4, 5, 7, 8, 9]],
  ['none', not(some(apple)), [3, 4, 5, 6, 7, 8]],
  ['any object', some({ op: 'and', of: [] }), [1, 2, 6, 9]],
  ['a null member, missing or dirty', some(eq('pieces', null)), [6]],
  ['not equal finds nulls', some(not(apple)), [1, 2, 6]],
  ['less than finds no nulls', some({ op: 'lt', path: 'pieces', value: 2 }), [1, 2]],
  ['a member of an embedded object', some(eq('gift.note', 'Hi')), [1]],
  ['a list of a member', some({ op: 'has', path: 'tags', values: ['red', 'sweet'], need: 'every' }), [1]],
  ['an empty list of a member', some({ op: 'isEmpty', path: 'tags', value: true }), []],
  ['no list of a member', some(eq('tags', null)), [1, 2, 6, 9]],
  ['among, with null', some({ op: 'in', path: 'sku', values: ['fig', null] }), [2, 6]],
  ['without regard to case', some({ op: 'eq', path: 'sku', value: 'pEAR', insensitive: true }), [1]],
  ['a beginning', some({ op: 'startsWith', path: 'sku', value: 'fi' }), [2]],
  ['an instant before 1970', some(eq('packed', new Date(-5))), [1]],
  ['what the converter means as null', some(eq('sku', '-')), []],
  ['is empty', { op: 'isEmpty', path: 'lines', value: true }, [3]],
  ['is not empty', { op: 'isEmpty', path: 'lines', value: false }, [1, 2, 6, 9]],
  ['is null', eq('lines', null), [4, 5, 7, 8]],
]

const none = { price: null, weight: null, packed: null, tags: null, gift: null }
const plum = { sku: 'plum', pieces: 2, ...none }
const kiwi = { sku: 'kiwi', pieces: 1, ...none }
const fig = { sku: 'fig', pieces: 9, ...none }
const stored = [{ sku: 'fig', pieces: 9, origin: 'Smyrna' }, 5, { sku: 'plum', pieces: 2 }]

/** What a patch makes of the list in `before`. */
const patches: readonly (readonly [title: string, before: unknown, change: unknown, after: unknown])[] = [
  ['sets a list', null, [{ sku: 'plum', pieces: 2 }], [plum]],
  ['sets an empty list', stored, [], []],
  ['sets null', stored, null, null],
  ['appends, and leaves out what is no object', stored, append({ sku: 'plum', pieces: 2 }), [fig, plum, plum]],
  ['appends to null', null, append({ sku: 'plum', pieces: 2 }), [plum]],
  ['appends to what is no list', { sku: 'fig' }, append({ sku: 'plum', pieces: 2 }), [plum]],
  ['takes out what matches', stored, pull(eq('sku', 'fig')), [plum]],
  ['takes out nothing where nothing matches', stored, pull(eq('sku', 'kiwi')), [fig, plum]],
  ['takes out everything', stored, pull(everything), []],
  ['takes nothing out of null', null, pull(eq('sku', 'fig')), null],
  ['inserts before the first', stored, insert({ sku: 'kiwi', pieces: 1 }, 0), [kiwi, fig, plum]],
  ['inserts in between', stored, insert({ sku: 'kiwi', pieces: 1 }, 1), [fig, kiwi, plum]],
  ['inserts before the last', stored, insert({ sku: 'kiwi', pieces: 1 }, -1), [fig, kiwi, plum]],
  ['inserts past the end', stored, insert({ sku: 'kiwi', pieces: 1 }, 9), [fig, plum, kiwi]],
  ['inserts past the beginning', stored, insert({ sku: 'kiwi', pieces: 1 }, -9), [kiwi, fig, plum]],
  ['inserts just past the beginning', stored, insert({ sku: 'kiwi', pieces: 1 }, -3), [kiwi, fig, plum]],
  ['inserts into null', null, insert({ sku: 'kiwi', pieces: 1 }, 1), [kiwi]],
  ['inserts into an empty list', [], insert({ sku: 'kiwi', pieces: 1 }, -1), [kiwi]],
  ['takes out the last', stored, pop(), [fig]],
  ['takes out the first', stored, pop('first'), [plum]],
  ['takes out the only one', [{ sku: 'fig' }, 5], pop(), []],
  ['takes nothing out of an empty list', [], pop('first'), []],
  ['pops nothing of null', null, pop(), null],
  ['changes what matches', stored, changeWhere(eq('sku', 'fig'), { pieces: 1 }), [{ ...fig, pieces: 1 }, plum]],
  [
    'changes all',
    stored,
    changeWhere(everything, { sku: 'x', pieces: null }),
    [
      { ...fig, sku: 'x', pieces: null },
      { ...plum, sku: 'x', pieces: null },
    ],
  ],
  ['changes nothing where nothing matches', stored, changeWhere(eq('sku', 'kiwi'), { pieces: 1 }), [fig, plum]],
  ['changes nothing of null', null, changeWhere(everything, { pieces: 1 }), null],
  ['changes nothing of an empty list', [], changeWhere(everything, { pieces: 1 }), []],
  [
    'changes by what each object holds, before any of it is changed',
    stored,
    changeWhere({ op: 'lte', path: 'pieces', value: 9 }, { pieces: increment(1), sku: 'y' }),
    [
      { ...fig, pieces: 10, sku: 'y' },
      { ...plum, pieces: 3, sku: 'y' },
    ],
  ],
  [
    'changes what a dirty value is read as',
    [{ pieces: 'three' }],
    changeWhere(eq('pieces', null), { pieces: min(4) }),
    [{ sku: null, ...none, pieces: 4 }],
  ],
  [
    'changes values of all kinds',
    stored,
    changeWhere(eq('sku', 'plum'), {
      price: '12345678901234567890.10',
      weight: 9007199254740993n,
      packed: new Date('1903-12-01T00:00:00.001Z'),
      tags: ['a', '"b"', '{c}'],
      'gift.note': "it's \\ $new",
    }),
    [
      fig,
      {
        ...plum,
        price: '12345678901234567890.10',
        weight: 9007199254740993n,
        packed: new Date('1903-12-01T00:00:00.001Z'),
        tags: ['a', '"b"', '{c}'],
        gift: { note: "it's \\ $new", wrapped: null },
      },
    ],
  ],
  [
    'adds exactly',
    [{ price: 0 }, { price: null, weight: 1 }],
    changeWhere(everything, { price: increment('0.2'), weight: increment('9007199254740993') }),
    [
      { sku: null, pieces: null, ...none, price: '0.2', weight: 9007199254740993n },
      { sku: null, pieces: null, ...none, price: '0.2', weight: 9007199254740994n },
    ],
  ],
  [
    'changes lists and objects of an object',
    [
      { sku: 'fig', tags: ['a', 'b'], gift: { note: 'n', wrapped: true } },
      { sku: 'plum', gift: { note: 'n' } },
    ],
    changeWhere(eq('gift.note', 'n'), { tags: append('c'), 'gift.wrapped': false }),
    [
      { ...none, sku: 'fig', pieces: null, tags: ['a', 'b', 'c'], gift: { note: 'n', wrapped: false } },
      { ...none, sku: 'plum', pieces: null, tags: ['c'], gift: { note: 'n', wrapped: false } },
    ],
  ],
  [
    'removes an object of an object',
    [{ sku: 'fig', gift: { note: 'n', from: 'x' } }],
    changeWhere(eq('sku', 'fig'), { gift: null }),
    [{ ...none, sku: 'fig', pieces: null }],
  ],
  [
    'pops and takes out of the lists of an object',
    [{ tags: ['a', 'b', 'a'] }, { tags: null }],
    changeWhere(everything, { tags: pull('a') }),
    [
      { ...none, sku: null, pieces: null, tags: ['b'] },
      { ...none, sku: null, pieces: null },
    ],
  ],
]

const wider =
  'A condition on rows.lines has a test without a value, or none, and would write more than was meant. Give the value, leave the test out, or say `everything`.'

const refusals: readonly (readonly [input: unknown, message: string, code?: string])[] = [
  [{ sku: 'x' }, 'rows.lines: a list is expected.'],
  [['x'], 'rows.lines: an object is expected.'],
  [[{ sku: 5 }], 'rows.lines.sku: 5 is not a valid text: expected a string.'],
  [[{ colour: 'red' }], 'rows.lines has no field "colour".'],
  [[{ gift: { to: 'x' } }], 'rows.lines.gift has no field "to".'],
  [append(null), 'rows.lines: an object is expected.'],
  [pull({ sku: 'x' }), 'A condition on rows.lines is made by where(), or is `everything`.', 'MISCONFIGURED'],
  [pull({ op: '$where', path: 'sku', value: '1' }), 'A condition on rows.lines has no test "$where".', 'MISCONFIGURED'],
  [pull({ op: 'and', of: [] }), wider],
  [pull(where(Rows, 'lines', { sku: { eq: undefined } })), wider],
  [pull(where(Rows, 'lines', { sku: { eq: 'fig' }, pieces: { gt: undefined } })), wider],
  [pull(where(Rows, 'lines', {})), wider],
  [pull(where(Rows, 'lines', { sku: {} })), wider],
  [changeWhere(where(Rows, 'lines', { or: [{ sku: { eq: 'x' } }, { sku: {} }] }), { pieces: 1 }), wider],
  [pull(eq('sku', 5)), '5 is not a valid text: expected a string.'],
  [pull(eq('sku', 'a\0')), '"a\\u0000" is not a valid text'],
  [pull(eq('pieces', 7.4)), '7.4 is not a valid int'],
  [
    pull({ op: 'contains', path: 'pieces', value: '7' }),
    'rows.lines.pieces is int and cannot be filtered by contains.',
  ],
  [pull({ op: 'not', of: { op: 'in', path: 'sku', values: ['x', 5] } }), '5 is not a valid text'],
  [insert({ sku: 'x' }, 0.5), 'rows.lines: insert puts an element at a whole number, and not at 0.5.'],
  [insert({ sku: 'x' }, Number.NaN), 'rows.lines: insert puts an element at a whole number, and not at NaN.'],
  [insert({ colour: 'x' }, 0), 'rows.lines has no field "colour".'],
  [pop('middle' as never), 'A patch of rows.lines pops neither the first nor the last.', 'MISCONFIGURED'],
  [changeWhere(where(Rows, 'lines', { sku: { eq: undefined } }), { pieces: 1 }), wider],
  [changeWhere(null as never, { pieces: 1 }), 'A condition on rows.lines is made by', 'MISCONFIGURED'],
  [changeWhere(everything, {}), 'A patch of rows.lines changes nothing.'],
  [changeWhere(everything, null as never), 'A patch of rows.lines is an object of changes by path.'],
  [
    changeWhere(everything, { piece: 1 }),
    'A patch of rows.lines.piece names no field. Did you mean "pieces"?',
    'MISCONFIGURED',
  ],
  [changeWhere(everything, { pieces: 'x' }), 'rows.lines.pieces: "x" is not a valid int'],
  [
    changeWhere(everything, { sku: increment(1) }),
    'A patch of rows.lines.sku uses increment on a text.',
    'MISCONFIGURED',
  ],
  [addToSet({ sku: 'x' }), 'A patch of rows.lines uses addToSet on a list of objects.', 'MISCONFIGURED'],
]

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Rows, Columns])
  for (const entity of [Rows, Columns]) {
    await stores.mongo.connection.collection(entity).insertMany([...documents] as Document[])
    await copyAll(stores, entity)
  }
})
afterAll(() => stores.close())

const ways = [
  ['mongo', Rows],
  ['postgres', Rows],
  ['postgres', Columns],
] as const

describe.each(ways)('Lists of objects in %s, $1.name', (origin, entity) => {
  async function ask(where: Where, paths: readonly string[] = []) {
    const query = { where, order: totalOrder(entity, []), limit: 100, fields: fieldSet(entity, paths) }
    const items = await stores[origin].reader.query(entity, query)
    return items.map(({ record }) => record)
  }

  test.each(questions)('finds %s', async (_title, where, ids) => {
    const only = both(where, { op: 'lt', path: 'id', value: 100 })
    expect((await ask(only)).map(({ id }) => id)).toEqual(ids)
    expect(await stores[origin].reader.count(entity, only)).toBe(ids.length)
  })

  test('reads the members that are asked for, and no others', async () => {
    expect(await ask(eq('id', 1), ['lines', 'lines.sku', 'lines.gift', 'lines.gift.note'])).toEqual([
      {
        id: 1,
        lines: [
          { sku: 'apple', gift: { note: 'Hi' } },
          { sku: 'Pear', gift: null },
        ],
      },
    ])
    expect(await ask(eq('id', 6), ['lines'])).toEqual([{ id: 6, lines: [{}, {}] }])
    expect(await ask(eq('id', 4), ['lines.packed'])).toEqual([{ id: 4, lines: null }])
  })

  test('refuses what a list of objects cannot be asked', async () => {
    await expect(ask({ op: 'gt', path: 'lines', value: 1 })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: `${entity.name}.lines is a list of objects and cannot be filtered by gt.`,
    })
    await expect(ask({ op: 'some', path: 'note', where: apple })).rejects.toMatchObject({ code: 'MISCONFIGURED' })
  })
})

let next = 100

describe.each(ways)('Patches of lists of objects in %s, $1.name', (origin, entity) => {
  test.each(patches)('%s', async (_title, before, change, after) => {
    const _id = next++
    await insertRaw(stores, entity, { _id, order: { lines: before } })
    const owed = { epoch: 1, owed: true }
    const image = await stores[origin].authority.patch(entity, _id, planPatch(entity, { lines: change }), owed)
    expect(image?.record?.['lines']).toEqual(after)
    const [again] = await stores[origin].outbox.images(entity, [_id])
    expect({ ...again, pending: image!.pending }).toEqual(image)
    const other = origin === 'mongo' ? 'postgres' : 'mongo'
    // Nobody else has given it a version: where the patch has not, the mirror has what is put
    const put = image!.version.counter > 0 ? 'applied' : 'late'
    expect(await stores[other].replica.bulkPut(entity, [image!], anyEpoch)).toEqual([{ put }])
    const [mirrored] = await stores[other].outbox.images(entity, [_id])
    expect([mirrored?.record, mirrored?.rest, mirrored?.elementRests ?? {}]).toEqual([
      image!.record,
      image!.rest,
      image!.elementRests ?? {},
    ])
  })
})

describe.each([Rows, Columns] as Entity[])('What the mapping does not name, $name', (entity) => {
  const owed = { epoch: 1, owed: true }

  async function putBack(id: Id, input: Record<string, unknown>): Promise<Document | null> {
    const image = await stores.postgres.authority.patch(entity, id, planPatch(entity, input), owed)
    expect(await stores.mongo.replica.bulkPut(entity, [image!], anyEpoch)).toEqual([{ put: 'applied' }])
    return rawDocument(stores, entity, id)
  }

  test('stays with its object when others come and go', async () => {
    const id = await insertRaw(stores, entity, { _id: next++, order: { lines: stored, by: 'Ann' } })
    const kept = { sku: 'fig', pieces: 9, origin: 'Smyrna' }
    const kiwi = { sku: 'kiwi', gift: { note: 'x' } }
    expect(await putBack(id, { lines: append(kiwi) })).toEqual({
      order: { lines: [kept, { sku: 'plum', pieces: 2 }, kiwi], by: 'Ann' },
    })
    expect(await putBack(id, { lines: pull(eq('sku', 'plum')) })).toEqual({ order: { lines: [kept, kiwi], by: 'Ann' } })
  })

  test('and stays when its object is changed, or others are put before it and taken away', async () => {
    const id = await insertRaw(stores, entity, { _id: next++, order: { lines: stored } })
    const lines = changeWhere(eq('sku', 'fig'), { pieces: increment(1), 'gift.note': 'x' })
    const fig = { sku: 'fig', pieces: 10, origin: 'Smyrna', gift: { note: 'x' } }
    const plum = { sku: 'plum', pieces: 2 }
    expect(await putBack(id, { lines })).toEqual({ order: { lines: [fig, plum] } })
    expect(await putBack(id, { lines: insert({ sku: 'kiwi' }, 0) })).toEqual({
      order: { lines: [{ sku: 'kiwi' }, fig, plum] },
    })
    expect(await putBack(id, { lines: pop('first') })).toEqual({ order: { lines: [fig, plum] } })
    expect(await putBack(id, { lines: pop() })).toEqual({ order: { lines: [fig] } })
  })

  test('goes with the object in an object that goes', async () => {
    const gift = { note: 'n', from: { name: 'Ann' } }
    const id = await insertRaw(stores, entity, { _id: next++, order: { lines: [{ sku: 'fig', gift, origin: 'S' }] } })
    await putBack(id, { lines: changeWhere(everything, { gift: null }) })
    expect(await putBack(id, { lines: changeWhere(everything, { gift: { note: 'm' } }) })).toEqual({
      order: { lines: [{ sku: 'fig', gift: { note: 'm' }, origin: 'S' }] },
    })
  })

  test('and its dirty values stay, too, while it stays in the list', async () => {
    const dirty = { sku: 'fig', pieces: 'three', nul: 'x\0', extra: 1 }
    const id = await insertRaw(stores, entity, { _id: next++, order: { lines: [{ sku: 'plum' }, dirty, dirty] } })
    expect(await putBack(id, { lines: append({ sku: 'kiwi' }) })).toEqual({
      order: { lines: [{ sku: 'plum' }, dirty, dirty, { sku: 'kiwi' }] },
    })
    expect(await putBack(id, { lines: pull(eq('sku', 'plum')) })).toEqual({
      order: { lines: [dirty, dirty, { sku: 'kiwi' }] },
    })
  })

  test('stands in the place of the object around a list until there is something to put into that', async () => {
    for (const order of [[{ lines: [{ sku: 'a' }], note: 'n' }], 'text', 5]) {
      const id = await insertRaw(stores, entity, { _id: next++, order })
      const change = (lines: unknown) =>
        stores.mongo.authority.patch(entity, id, planPatch(entity, { lines }), { epoch: 1, owed: false })
      expect((await change(pull(eq('sku', 'a'))))?.record).toMatchObject({ lines: null })
      await change(null)
      expect(await rawDocument(stores, entity, id)).toEqual({ order })
      expect((await change([]))?.record).toMatchObject({ lines: [] })
      expect(await rawDocument(stores, entity, id)).toEqual({ order: { lines: [] } })
    }
  })

  test('and a list that means the same stay as they are, dirty or not', async () => {
    const order = { lines: [...stored, { sku: 7 }] }
    const id = await insertRaw(stores, entity, { _id: next++, order })
    expect(await putBack(id, { note: 'x' })).toEqual({ order, note: 'x' })
  })
})

test('a member that is made null leaves nothing behind in json', async () => {
  const id = await insertRaw(stores, Columns, { _id: next++, order: { lines: [{ sku: 'fig', pieces: 9 }] } })
  const lines = changeWhere(everything, { pieces: null, gift: {}, weight: null })
  await stores.postgres.authority.patch(Columns, id, planPatch(Columns, { lines }), { epoch: 1, owed: false })
  const [row] = await stores.postgres.connection.run<{ lines: object[] }>(
    sql`select lines from columns where id = ${id}`,
  )
  expect(row?.lines).toEqual([{ sku: 'fig', has_gift: true }])
})

test.each(refusals)('a patch with %o is refused', (input, message: unknown, code: unknown = 'BAD_USER_INPUT') => {
  expect(() => planPatch(Rows, { lines: input })).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(String(message)) }),
  )
})
