import {
  boolean,
  decimal,
  defineEntity,
  embed,
  enumeration,
  type Field,
  float,
  int,
  json,
  list,
  long as longKind,
  objectId,
  text,
  timestamp,
} from 'crossfade'
import { describe, expect, test } from 'vitest'
import { checkEntities } from '../../src/entity/checks.ts'
import type { Fields } from '../../src/entity/field.ts'
import { impliedTables } from '../../src/entity/implied-tables.ts'
import { newRecord } from '../../src/entity/new-record.ts'

const define = (fields: Fields, options: object = {}): unknown =>
  defineEntity('Thing', { mongo: 'things', postgres: 'things', id: objectId(), fields, ...options })

const long = 'x'.repeat(70)

/** What each mapping that cannot work is told: which field, what is wrong, what to do. */
const refusals: readonly (readonly [title: string, fields: Fields, message: string])[] = [
  [
    'an enumeration with one value twice',
    { a: enumeration(['x', 'x']) },
    'Thing.a has no values, or one twice. Name each once.',
  ],
  [
    'an empty enumeration in a list',
    { a: list(enumeration([])) },
    'Thing.a has no values, or one twice. Name each once.',
  ],
  [
    'a fraction that means null in a decimal',
    { a: decimal({ nullIf: [0.1] }) },
    'Thing.a has a nullIf that is no whole number below 2^53. Use whole numbers.',
  ],
  [
    'two fields in one column',
    { a: text().column('c'), b: text().column('c') },
    'Thing.b uses the column "c" of a. Name one of them with .column().',
  ],
  [
    "a column of Crossfade's own",
    { rest: json() },
    'Thing.rest uses the column "rest" of Crossfade itself. Name one of them with .column().',
  ],
  [
    'a presence column that is taken',
    { has_a: boolean(), a: embed({ b: text() }) },
    'Thing.has_a uses the column "has_a" of a. Name one of them with .column().',
  ],
  [
    'one Mongo path twice',
    { a: text().at('x'), b: int().at('x') },
    'Thing.b uses the Mongo path "x" of a. Map each path once.',
  ],
  [
    'one object twice',
    { a: embed({ b: text() }).at('x'), c: embed({ d: text() }).at('x').column('has_y') },
    'Thing.c uses the Mongo path "x" of a. Map each path once.',
  ],
  [
    'a field stored inside an object of others',
    { box: embed({ a: text() }), b: text().at('box.b') },
    'Thing.b is stored inside "box", which box maps. Map it as a member.',
  ],
  [
    'an index on a list in a column',
    { a: list(text()).index() },
    'Thing.a has no one column that an index could be on. Mark a scalar, a member or a list in a table.',
  ],
  [
    'an index on a list of objects',
    {
      a: list(embed({ b: text() }))
        .childTable('t')
        .index(),
    },
    'Thing.a has no one column that an index could be on. Mark a scalar, a member or a list in a table.',
  ],
  [
    'a path inside a value',
    { a: json().at('x'), b: text().at('x.y') },
    'Thing.b is stored inside "x", which a holds whole. Map one of the two.',
  ],
  [
    'a member inside a value',
    { a: json().at('x'), b: embed({ c: text() }).at('x') },
    'Thing.b.c is stored inside "x", which a holds whole. Map one of the two.',
  ],
  [
    'an empty step',
    { a: text().at('x..y') },
    'Thing.a has the Mongo path "x..y", with a step that is empty, a number or starts with $. Map the value around it with json() or list().',
  ],
  [
    'the name of the prototype',
    { b: text().at('x.__proto__') },
    'Thing.b has the name __proto__, which is no member of an object. Map the value around it with json().',
  ],
  [
    'a numbered step',
    { a: text().at('x.0') },
    'Thing.a has the Mongo path "x.0", with a step that is empty, a number or starts with $. Map the value around it with json() or list().',
  ],
  [
    'an operator',
    { a: text().at('$where') },
    'Thing.a has the Mongo path "$where", with a step that is empty, a number or starts with $. Map the value around it with json() or list().',
  ],
  [
    'the id of the document',
    { a: text().at('_id') },
    'Thing.a has the Mongo path "_id", which Crossfade owns. The id is mapped by `id`; choose another path with .at().',
  ],
  [
    'the bookkeeping of the document',
    { a: int().at('_cf.counter') },
    'Thing.a has the Mongo path "_cf.counter", which Crossfade owns. The id is mapped by `id`; choose another path with .at().',
  ],
  [
    'a field of the name id',
    { id: text() },
    'Thing.id is the name of the id itself. Describe the id with `id:` and remove the field.',
  ],
  [
    'a name with a dot',
    { 'a.b': text() },
    'Thing.a.b has a name with a dot, $ or NUL. Give it a plain name and say where it is stored with .at().',
  ],
  [
    'a name with a dollar',
    { a: embed({ $b: text() }) },
    'Thing.a.$b has a name with a dot, $ or NUL. Give it a plain name and say where it is stored with .at().',
  ],
  ['a list of json', { a: list(json()) }, 'Thing.a is a list of json, which no column holds. Map it with json().'],
  [
    'a list of lists',
    { a: list(list(text())) },
    'Thing.a is a list of lists, which no column holds. Map it with json().',
  ],
  [
    'a list of objects in another',
    { a: list(embed({ b: list(embed({ c: text() })) })) },
    'Thing.a.b is a list with rows of its own inside another. Map it with json() or a list in a column.',
  ],
  [
    'a child table in a list of objects',
    { a: list(embed({ b: embed({ c: list(text()).childTable('t') }) })) },
    'Thing.a.b.c is a list with rows of its own inside another. Map it with json() or a list in a column.',
  ],
  [
    'a reference in a list of objects',
    { a: list(embed({ b: objectId().references('Thing') })) },
    'Thing.a.b is inside a list and cannot be unique or a reference. Mark a field outside of lists.',
  ],
  [
    'an index in a json column',
    { a: list(embed({ b: text().index() })) },
    'Thing.a.b is inside a json column and cannot have an index. Give the list a .childTable().',
  ],
  [
    'a column of child tables',
    { a: list(embed({ position: int() })) },
    'Thing.a.position uses the column "position" of Crossfade itself. Name one of them with .column().',
  ],
  [
    'two members in one place',
    { a: list(embed({ b: text().at('x'), c: int().at('x') })) },
    'Thing.a.c uses the Mongo path "x" of a.b. Map each path once.',
  ],
  [
    'an operator in a list of objects',
    { a: list(embed({ b: text().at('$b') })) },
    'Thing.a.b has the Mongo path "$b", with a step that is empty, a number or starts with $. Map the value around it with json() or list().',
  ],
  [
    'a path inside a list of objects',
    { a: list(embed({ b: text() })).at('x'), c: text().at('x.y') },
    'Thing.c is stored inside "x", which a holds whole. Map one of the two.',
  ],
  [
    'a date inside json',
    { a: json({ at: timestamp() }) },
    'Thing.a.at is inside json and no plain text(), int(), float() or boolean(). Use one of them alone.',
  ],
  [
    'a value inside json that is unique',
    { a: json({ b: text().unique() }) },
    'Thing.a.b is inside json and no plain text(), int(), float() or boolean(). Use one of them alone.',
  ],
  [
    'a number as a step inside json',
    { a: json({ 'b.0': text() }).at('x') },
    'Thing.a.b.0 has the Mongo path "x.b.0", with a step that is empty, a number or starts with $. Map the value around it with json() or list().',
  ],
  [
    'a child table for a scalar',
    { a: text().childTable('t') },
    'Thing.a is not a list but asks for a child table. Remove .childTable().',
  ],
  [
    'a prefix for text',
    { a: (text as (converter: object) => Field<unknown>)({ intPrefix: true }) },
    'Thing.a has intPrefix but is not an int. Use int({ intPrefix: true }).',
  ],
  [
    'forms for text',
    { a: (text as (converter: object) => Field<unknown>)({ forms: ['text'] }) },
    "Thing.a has forms but is not a timestamp. Use timestamp({ forms: ['text'] }).",
  ],
  ...[[], ['text', 'text'], ['seconds']].map((forms): [string, Fields, string] => [
    `the forms ${JSON.stringify(forms)}`,
    { a: timestamp({ forms: forms as never }) },
    'Thing.a has other forms than date, text, milliseconds, or one twice. Name each once.',
  ]),
  [
    'a strict field of two forms',
    { a: timestamp({ forms: ['date', 'text'] }).strict() },
    'Thing.a is strict and names several forms. Name one form, or remove .strict().',
  ],
  [
    'one object in the place of a list',
    { a: list(embed({ b: text() }), { orOne: true }) },
    'Thing.a is a list of objects, which takes lists alone. Map it with json().',
  ],
  [
    'a unique list',
    { a: list(text()).unique() },
    'Thing.a is a list and cannot be unique or a reference. Mark a scalar field.',
  ],
  [
    'a list of references',
    { a: list(objectId()).references('Thing') },
    'Thing.a is a list and cannot be unique or a reference. Mark a scalar field.',
  ],
  ['unique json', { a: json().unique() }, 'Thing.a is json and cannot be unique. Mark a scalar field.'],
  [
    'a column name that Postgres would cut',
    { [long]: text() },
    `Thing.${long} needs the Postgres name "${long}", which is longer than 63 bytes. Name it with .column().`,
  ],
  [
    'an index name that Postgres would cut',
    { ['y'.repeat(60)]: text().index() },
    `Thing.${'y'.repeat(60)} needs the Postgres name "things_${'y'.repeat(60)}_idx", which is longer than 63 bytes. Name it with .column().`,
  ],
  [
    'a column name that is empty',
    { a: text().column('') },
    'Thing.a has an empty Postgres name. Name it with .column().',
  ],
  ...['a\0', 'a\nb', 'a\r', '\u0085', '\u2028', '\ud800'].map((column): [string, Fields, string] => [
    `a column name that holds ${JSON.stringify(column)}`,
    { a: text().column(column) },
    `Thing.a has the Postgres name ${JSON.stringify(column)}, with what no name may hold. Name it with .column().`,
  ]),
  [
    'a child table of the name of the table',
    { a: list(text()).childTable('things') },
    'Thing.a uses the table "things" of the entity. Name another with .childTable().',
  ],
  ...['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid'].map((name): (typeof refusals)[number] => [
    `a field named ${name}, which every table has`,
    { [name]: text() },
    `Thing.${name} uses the column "${name}" of PostgreSQL itself. Name one of them with .column().`,
  ]),
  [
    'a system column by .column()',
    { a: text().column('xmin') },
    'Thing.a uses the column "xmin" of PostgreSQL itself. Name one of them with .column().',
  ],
  [
    'a system column that tells whether an object is there',
    { a: embed({ b: text() }).column('ctid') },
    'Thing.a uses the column "ctid" of PostgreSQL itself. Name one of them with .column().',
  ],
  [
    'a system column in a child table',
    { a: list(embed({ xmin: text() })).childTable('t') },
    'Thing.a.xmin uses the column "xmin" of PostgreSQL itself. Name one of them with .column().',
  ],
  [
    'a system column in the objects of a list',
    { a: list(embed({ b: int().column('cmax') })) },
    'Thing.a.b uses the column "cmax" of PostgreSQL itself. Name one of them with .column().',
  ],
  [
    'a system column that counts the elements of a list',
    { a: list(text()).childTable('t').column('xmax') },
    'Thing.a uses the column "xmax" of PostgreSQL itself. Name one of them with .column().',
  ],
  [
    'a reserved column of a child table',
    { a: list(embed({ parentId: text() })).childTable('t') },
    'Thing.a.parentId uses the column "parent_id" of Crossfade itself. Name one of them with .column().',
  ],
  [
    "a child table of the catalog's name",
    { a: list(text()).childTable('pg_class') },
    'Thing.a uses the table "pg_class", a name of PostgreSQL\'s catalog. Name another with .childTable().',
  ],
  [
    'a child table of the name of an index',
    { a: list(text()).childTable('things_b_idx'), b: text().index() },
    'Thing.b uses the index "things_b_idx" of a. Name one of them otherwise.',
  ],
  [
    'a child table of the name of a unique key',
    { a: list(text()).childTable('things_b_key'), b: text().unique() },
    'Thing.b uses the index "things_b_key" of a. Name one of them otherwise.',
  ],
  [
    'a child table whose name Postgres would cut',
    { a: list(text()).childTable('t'.repeat(64)) },
    `Thing.a needs the Postgres name "${'t'.repeat(64)}", which is longer than 63 bytes. Name another with .childTable().`,
  ],
  [
    'two lists in one child table',
    { a: list(text()).childTable('t'), b: list(text()).childTable('t') },
    'Thing.b uses the table "t" of a. Name another with .childTable().',
  ],
]

describe('defineEntity', () => {
  test.each(refusals)('refuses %s, and says what to do', (_title, fields, message) => {
    expect(() => define(fields)).toThrow(expect.objectContaining({ code: 'MISCONFIGURED', message }))
  })

  test('refuses an id that no store can key by', () => {
    expect(() => define({}, { id: float() })).toThrow(
      'Thing.id is none of objectId(), uuid(), text(), int(), longId() and compositeId(). Choose one of them.',
    )
    expect(() => define({}, { id: timestamp() })).toThrow('Thing.id is none of')
  })

  test.each([
    ['all', 'Thing.group has the name "all". '],
    ['', 'Thing.group has the name "". '],
    ['two words', 'Thing.group has the name "two words". '],
    ['1st', 'Thing.group has the name "1st". '],
    ['g'.repeat(64), `Thing.group has the name "${'g'.repeat(64)}". `],
    ['Thing', 'Thing.group has the name of the type itself. '],
  ])('refuses the group "%s"', (group, message) => {
    expect(() => define({}, { group })).toThrow(message)
    expect(define({}, { group: 'catalog-2' })).toMatchObject({ group: 'catalog-2' })
    expect(define({})).toMatchObject({ group: null })
  })

  test.each([
    [
      'pg_stats',
      'Thing.entity uses the table "pg_stats", a name of PostgreSQL\'s catalog. Choose another with `postgres:`.',
    ],
    [
      't'.repeat(64),
      `Thing.entity needs the Postgres name "${'t'.repeat(64)}", which is longer than 63 bytes. Choose another with \`postgres:\`.`,
    ],
    ['', 'Thing.entity has an empty Postgres name. Choose another with `postgres:`.'],
    [
      'a\nb',
      'Thing.entity has the Postgres name "a\\nb", with what no name may hold. Choose another with `postgres:`.',
    ],
  ])('refuses the table %s', (postgres, message) => {
    const make = () => defineEntity('Thing', { mongo: 'things', postgres, id: text(), fields: {} })
    expect(make).toThrow(expect.objectContaining({ code: 'MISCONFIGURED', message }))
  })

  test('takes what is a system column elsewhere, under another name', () => {
    const fields = { xmin: text().column('x_min'), oid: text() }
    const { leaves } = defineEntity('Thing', { mongo: 'things', postgres: 'things', id: text(), fields })
    expect([...leaves.values()].map(({ column }) => column)).toEqual(['x_min', 'oid'])
  })

  test('takes a mapping that uses everything', () => {
    const entity = defineEntity('Thing', {
      mongo: 'things',
      postgres: 'things',
      id: int(),
      fields: {
        a: text().required().unique().at('x.y'),
        b: embed({ c: embed({ dE: list(int()).childTable('thing_des').index() }).at('k.l') }),
      },
    })
    expect(
      [...entity.leaves.values()].map(({ path, mongo, parents, column }) => ({ path, mongo, parents, column })),
    ).toEqual([
      { path: 'a', mongo: 'x.y', parents: ['x'], column: 'a' },
      { path: 'b.c.dE', mongo: 'b.k.l.dE', parents: ['b', 'b.k', 'b.k.l'], column: 'b_c_d_e_count' },
    ])
    expect(impliedTables(entity).map(({ name, columns }) => [name, columns.map((column) => column.name)])).toEqual([
      ['things', ['id', 'has_b', 'has_b_c', 'a', 'b_c_d_e_count', 'rest', '_cf_epoch', '_cf_counter']],
      ['thing_des', ['parent_id', 'position', 'value']],
    ])
    expect(Object.isFrozen(entity)).toBe(true)
  })
})

describe('Entities side by side', () => {
  const make = (name: string, options: object = {}, fields: Fields = {}): Parameters<typeof checkEntities>[0][number] =>
    defineEntity(name, { mongo: name, postgres: name, id: objectId(), fields, ...options })

  const one = make('a')
  test.each([
    [
      'a name',
      [make('a'), make('a', { mongo: 'b', postgres: 'b' })],
      'a.entity uses the name a of a. Each entity needs its own.',
    ],
    [
      'a collection',
      [make('a'), make('b', { mongo: 'a' })],
      'b.entity uses the collection a of a. Each entity needs its own, or a `where` that contradicts the other one.',
    ],
    [
      'a table',
      [make('a'), make('b', { postgres: 'a' })],
      'b.entity uses the table a of a. Each entity needs its own.',
    ],
    [
      'a child table',
      [make('a'), make('b', {}, { c: list(text()).childTable('a') })],
      'b.entity uses the table a of a. Each entity needs its own.',
    ],
    [
      'the name of an index',
      [make('a', {}, { bC: text().index() }), make('a_b', {}, { c: text().index() })],
      'a_b.c uses the index a_b_c_idx of a. Each entity needs its own.',
    ],
    [
      'the name of an index and of a table',
      [make('a', {}, { b: text().unique() }), make('a_b_key')],
      'a_b_key.entity uses the table a_b_key of a. Each entity needs its own.',
    ],
    ['a place twice', [one, one], 'a.entity is listed twice among the entities. Name it once.'],
    [
      'a reference to nothing',
      [make('a', {}, { b: objectId().references('Bee') })],
      'a.b references Bee, which is no entity. Name it among the entities of crossfade.config.ts.',
    ],
    [
      'a reference that is nearly a name',
      [make('Movie'), make('Comment', {}, { b: objectId().references('Mvoie') })],
      'Comment.b references Mvoie, which is no entity. Did you mean "Movie"?',
    ],
    [
      'the name of a type with a group',
      [make('Movie', { group: 'Comment' }), make('Comment')],
      'Movie.group has the name of the type Comment. Give it a name of its own.',
    ],
  ])('cannot share %s', (_title, entities, message) => {
    expect(() => checkEntities(entities)).toThrow(expect.objectContaining({ code: 'MISCONFIGURED', message }))
  })

  describe('of one table', () => {
    const of = (name: string, kind: unknown, options: object = {}, fields: Fields = {}) =>
      make(name, { mongo: 'all', postgres: 'all', where: { kind }, ...options }, { kind: text(), ...fields })

    test('are told apart by a column of both, and have what is alike in common', () => {
      const [one, other] = [
        of('a', 'x', {}, { title: text().index(), tags: list(text()).childTable('a_tags') }),
        of('b', 'y', {}, { title: text().index(), tags: list(text()).childTable('b_tags'), size: int() }),
      ]
      expect(() => checkEntities([one, other, of('c', 'z')])).not.toThrow()
    })

    const another = 'b.entity uses the table all of a. Each entity needs its own'
    test.each<[string, ReturnType<typeof of>, string]>([
      ['in two collections', of('b', 'y', { mongo: 'b' }), `${another}.`],
      ['that no field tells apart', of('b', 'x'), `${another}, or a \`where\` with another value in the same column.`],
      [
        'that two columns tell apart',
        make('b', { mongo: 'all', postgres: 'all', where: { is: 'y' } }, { is: text().at('kind') }),
        `${another}, or a \`where\` with another value in the same column.`,
      ],
      [
        'with a column of two kinds',
        of('b', 'y', {}, { name: int().column('title') }),
        'b.name is int in the column "title" of all, where a.title is text. Name it with .column().',
      ],
      [
        'with a column of values and of lists',
        of('b', 'y', {}, { title: list(text()) }),
        'b.title is a list of text in the column "title" of all, where a.title is text. Name it with .column().',
      ],
      [
        'with a list in one child table',
        of('b', 'y', {}, { tags: list(text()).childTable('a_tags') }),
        'b.entity uses the table a_tags of a. Each entity needs its own.',
      ],
      [
        'with ids of two kinds',
        of('b', 'y', { id: text() }),
        'b.id is of another kind than that of a in all. Use the same.',
      ],
      [
        'with a name that no trigger has room for',
        of('b'.repeat(38), 'y'),
        `${'b'.repeat(38)}.entity shares the table all, and has a name of more than 37 bytes. Choose another with \`postgres:\`.`,
      ],
    ])('cannot be types %s', (_title, other, message) => {
      const one = of('a', 'x', {}, { title: text(), tags: list(text()).childTable('a_tags') })
      expect(() => checkEntities([one, other])).toThrow(expect.objectContaining({ code: 'MISCONFIGURED', message }))
    })
  })

  test('can share a collection where one field tells them apart', () => {
    const of = (name: string, kind: string, options: object = {}) =>
      make(name, { mongo: 'all', where: { kind }, ...options }, { kind: text() })
    expect(() => checkEntities([of('a', 'x'), of('b', 'y'), of('c', 'z')])).not.toThrow()
    const shared = 'c.entity uses the collection all of a. Each entity needs its own, or a `where` that contradicts'
    expect(() => checkEntities([of('a', 'x'), of('b', 'y'), of('c', 'x')])).toThrow(shared)
    const ids = 'b.id is of another kind than that of a in all. Use the same.'
    expect(() => checkEntities([of('a', 'x'), of('b', 'y', { id: text() })])).toThrow(ids)
    // One field of two names is the same document's
    const other = make('b', { mongo: 'all', where: { is: 'y' } }, { is: text().at('kind') })
    expect(() => checkEntities([of('a', 'x'), other])).not.toThrow()
  })

  test.each([
    ['b', { b: 'x' }, {}, 'a.where names "b", which is no field of the record itself. Map the field, and name it.'],
    ['a member', { 'b.c': 'x' }, { b: embed({ c: text() }) }, 'a.where names "b.c", which is no field of the record'],
    ['a list', { b: 'x' }, { b: list(text()) }, 'a.where names "b". Use a text, an enumeration, an int or a boolean'],
    [
      'a converter',
      { b: 1 },
      { b: int({ nullIf: [1] }) },
      'a.where names "b". Use a text, an enumeration, an int or a',
    ],
    ['a float', { b: 1 }, { b: float() }, 'a.where names "b". Use a text, an enumeration, an int or a boolean'],
    ['another kind', { b: 1 }, { b: text() }, 'kind: 1 is not a valid text: expected a string. Give one.'],
    ['a value of none', { b: 'z' }, { b: enumeration(['x', 'y']) }, 'a.where gives "b" no value of its kind:'],
  ])('are told apart by no %s', (_title, where, fields, message) => {
    expect(() => make('a', { where }, fields as Fields)).toThrow(message)
  })

  test.each([null, [], 'x', 5])('are told apart by no %j, and have no such scope', (what) => {
    expect(() => make('a', { where: what }, {})).toThrow('a.where is no object of values by field.')
    if (what === null) return
    expect(() => make('a', { defaultScope: what }, {})).toThrow('a.defaultScope is no object of tests by field.')
  })

  test('can refer to each other', () => {
    const a = make('a', {}, { b: objectId().references('b') })
    expect(() => checkEntities([a, make('b', {}, { a: objectId().references('a') })])).not.toThrow()
  })
})

describe('A new record', () => {
  const Thing = defineEntity('Thing', {
    mongo: 'things',
    postgres: 'things',
    id: text(),
    fields: {
      name: text({ nullIf: [''] }).required(),
      n: int({ nullIf: [-1] }),
      tags: list(text({ nullIf: ['-'] })),
      at: embed({ x: int() }),
    },
  })

  test('has null for what was left out', () => {
    expect(newRecord(Thing, 'a', { name: 'A' })).toEqual({ id: 'a', name: 'A', n: null, tags: null, at: null })
    expect(newRecord(Thing, 'a', { name: 'A', at: {}, tags: [] })).toMatchObject({ tags: [], at: { x: null } })
  })

  test('has null for what the converter means as null', () => {
    expect(newRecord(Thing, 'a', { name: 'A', n: -1 })).toMatchObject({ n: null })
  })

  test('has null for other spellings of that, too: a value is read as it is stored', () => {
    const Stamp = defineEntity('Stamp', {
      mongo: 'stamps',
      postgres: 'stamps',
      id: text(),
      fields: {
        number: timestamp({ forms: ['milliseconds', 'date'], nullIf: [0] }),
        text: timestamp({ forms: ['text'], nullIf: ['2000-01-01T00:00:00.000Z'] }),
        date: timestamp({ nullIf: [0] }),
        count: longKind({ nullIf: [5] }),
        all: list(timestamp({ forms: ['milliseconds'], nullIf: [0] })),
      },
    })
    const first = '1970-01-01T00:00:00.000Z'
    const given = { number: new Date(0), text: new Date('2000-01-01T00:00:00.000Z'), date: new Date(0), count: '5' }
    const none = { number: null, text: null, count: null }
    expect(newRecord(Stamp, 'a', given)).toMatchObject({ ...none, date: new Date(0) })
    expect(newRecord(Stamp, 'a', { number: first, text: '2000-01-01T01:00:00+01:00' })).toMatchObject(none)
    expect(newRecord(Stamp, 'a', { number: new Date(1), count: '6' })).toMatchObject({ number: new Date(1), count: 6n })
    expect(() => newRecord(Stamp, 'a', { all: [first] })).toThrow('expected one that does not mean null')
  })

  test.each([
    [{}, 'Thing.name must not be null.'],
    [{ name: null }, 'Thing.name must not be null.'],
    [{ name: '' }, 'Thing.name must not be null.'],
    [{ name: 'A', colour: 1 }, 'Thing has no field "colour".'],
    [{ name: 'A', n: 1.5 }, 'Thing.n: 1.5 is not a valid int: expected a whole number of 32 bits.'],
    [{ name: 'A', tags: 'x' }, 'Thing.tags: A list is expected.'],
    [{ name: 'A', tags: [null] }, 'Thing.tags: null is not a valid text: expected a string.'],
    [{ name: 'A', tags: ['-'] }, 'Thing.tags: "-" is not a valid element: expected one that does not mean null.'],
    [{ name: 'A', at: { x: 'y' } }, 'Thing.at.x: "y" is not a valid int: expected a whole number of 32 bits.'],
  ])('is refused: %j', (input, message) => {
    expect(() => newRecord(Thing, 'a', input)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT', message }))
  })
})
