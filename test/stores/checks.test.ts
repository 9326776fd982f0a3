import {
  compositeId,
  decimal,
  defineEntity,
  embed,
  enumeration,
  float,
  int,
  list,
  objectId,
  text,
  timestamp,
  uuid,
} from 'crossfade'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { schemaDrift } from '../../src/stores/postgres/schema-diff.ts'
import { validateChecks } from '../../src/stores/postgres/validate-checks.ts'
import { changeUnseen, openStores, type TestStores } from '../support/stores.ts'

const states = ['new', 'sent', "won't"] as const

const Parcel = defineEntity('Parcel', {
  mongo: 'parcels',
  postgres: 'parcels',
  id: objectId(),
  fields: {
    owner: objectId(),
    marks: list(objectId()),
    shelf: compositeId({ store: text(), number: int() }),
    weight: float(),
    weights: list(float()),
    price: decimal(),
    sentAt: timestamp(),
    times: list(timestamp()),
    state: enumeration(states),
    states: list(enumeration(states)),
    tags: list(text()),
    owners: list(objectId()).childTable('parcel_owners'),
    lines: list(embed({ quantity: int(), item: objectId(), state: enumeration(states), ids: list(uuid()) })),
    stops: list(embed({ at: timestamp(), city: text() })).childTable('parcel_stops'),
  },
})

const Letter = defineEntity('Letter', {
  mongo: 'mail',
  postgres: 'mail',
  id: int(),
  where: { kind: 'letter' },
  fields: { kind: text(), state: enumeration(['stamped', 'posted']) },
})
const Card = defineEntity('Card', {
  mongo: 'mail',
  postgres: 'mail',
  id: int(),
  where: { kind: 'card' },
  fields: { kind: text(), state: enumeration(['written']) },
})

const id = '5a9427648b0beebeb69579e7'
const other = '5a9427648b0beebeb69579e8'

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Parcel, Letter, Card])
})
afterAll(() => stores?.close())
beforeEach(async () => {
  await change('delete from parcels', 'delete from mail', `insert into parcels (id) values ('${id}')`)
})

const change = (...statements: string[]): Promise<void> =>
  changeUnseen(stores, ...statements.map((statement) => sql.raw(statement)))

test.each([
  ["id = 'x'"],
  [`id = upper('${other}')`],
  [`id = '${other}' || chr(10)`],
  ["owner = ''"],
  ["owner = 'nobody'"],
  [`marks = array['${id}', 'x']`],
  [`marks = array['${id},${other}']`],
  [`marks = array['${id}', null]`],
  [`marks = array[array['${id}'], array['${other}']]`],
  ["shelf = 'abc'"],
  ["weight = 'NaN'"],
  ["weight = '-Infinity'"],
  ["weights = '{1,Infinity}'"],
  ["weights = '{1,null}'"],
  ["price = 'NaN'"],
  ["price = 'Infinity'"],
  ["sent_at = 'infinity'"],
  ["sent_at = '-infinity'"],
  ["sent_at = '275760-09-13 00:00:00.001+00'"],
  ["times = '{2020-01-01,infinity}'"],
  ["state = 'lost'"],
  ["state = 'SENT'"],
  ["states = '{sent,lost}'"],
  ["tags = '{a,null}'"],
  ["tags = '{{a},{b}}'"],
  ["lines = '{}'"],
  ["lines = 'null'"],
  ["lines = '7'"],
  ["lines = '[1]'"],
  ["lines = '[[]]'"],
  ['lines = \'[{"quantity": 1}, {"quantity": "some"}]\''],
  ['lines = \'[{"quantity": 1.5}]\''],
  ['lines = \'[{"item": "x"}]\''],
  ['lines = \'[{"state": "new"}, {"state": "lost"}]\''],
  ['lines = \'[{"ids": "x"}]\''],
  ["rest = '[]'"],
  ["rest = 'null'"],
])('no row gets what its field cannot be: %s', async (assignment) => {
  await expect(change(`update parcels set ${assignment}`)).rejects.toMatchObject({ code: /^2(3514|2P02|2003|2023)$/ })
})

test.each([
  [`insert into parcel_owners values ('${id}', 0, 'x')`],
  [`insert into parcel_stops (parent_id, position, at) values ('${id}', 0, 'infinity')`],
])('nor does one of a list: %s', async (statement) => {
  await expect(change(statement)).rejects.toMatchObject({ code: '23514' })
})

test('what a field can be is taken, as are nulls and empty lists', async () => {
  await change(
    `update parcels set owner = '${other}', marks = array['${id}', '${other}'], weight = -0.5, weights = '{}', price = '1e6144',
      sent_at = '4714-11-24 00:00:00+00 BC', times = '{275760-09-13 00:00:00+00}', state = 'won''t', states = '{new,won''t}',
      shelf = '0a', tags = '{}', rest = '{"a": 1}', lines = '[]'`,
    `update parcels set lines = '[{"quantity": null}, {}, {"quantity": 1, "item": "${id}", "state": "won''t", "more": 1}]'`,
    `update parcels set lines = null, state = null, marks = '{}', rest = null, weight = null`,
    `insert into parcel_owners values ('${id}', 0, '${other}')`,
    `insert into parcel_stops (parent_id, position) values ('${id}', 0)`,
  )
})

test('types of one table are each held by their own, and rows of no type by none', async () => {
  await change(
    `insert into mail (id, kind, state) values (1, 'letter', 'posted'), (2, 'card', 'written'), (3, 'bill', 'due'), (4, null, 'x')`,
  )
  await expect(change("update mail set state = 'written' where id = 1")).rejects.toMatchObject({ code: '23514' })
  await expect(change("update mail set kind = 'letter' where id = 3")).rejects.toMatchObject({ code: '23514' })
  expect(await schemaDrift(stores.postgres.connection, [Letter])).toEqual([]) // what is Card's is not looked at
})

const Note = (values: readonly string[], more = {}) =>
  defineEntity('Note', {
    mongo: 'notes',
    postgres: 'notes',
    id: int(),
    fields: { state: enumeration(values), lines: list(embed({ at: int(), ...more })) },
  })

const told = (drift: Awaited<ReturnType<typeof schemaDrift>>) =>
  drift.map(({ problem, works }) => `${problem.replaceAll(/_[0-9a-f]{8}/g, '')}${works ? '' : '!'}`)

test('a check that is made later holds new rows at once, and is validated once the others are mended', async () => {
  const own = await openStores([Note(['old', 'new'])])
  const { connection } = own.postgres
  const run = (statement: string) => connection.run(sql.raw(statement))
  try {
    for (const { name } of await connection.run<{ name: string }>(
      sql`select conname as name from pg_constraint where conrelid = 'notes'::regclass and contype = 'c'`,
    ))
      await run(`alter table notes drop constraint "${name}"`)
    await changeUnseen(own, sql.raw("insert into notes (id, state, lines) values (1, 'odd', '[7]')"))
    const drift = await schemaDrift(connection, [Note(['old', 'new'])])
    expect(told(drift)).toEqual([
      'check crossfade_state is missing: other programs may write to state what its field cannot be',
      'function holds of check crossfade_lines is missing',
      'check crossfade_lines is missing: other programs may write to lines what its field cannot be',
      'check crossfade_rest is missing: other programs may write to rest what its field cannot be',
    ])
    for (const { statement } of drift) await run(statement!)
    expect(told(await schemaDrift(connection, [Note(['old', 'new'])]))).toEqual([
      'check crossfade_state may not be held by rows that were there before it',
      'check crossfade_lines may not be held by rows that were there before it',
      'check crossfade_rest may not be held by rows that were there before it',
    ])
    await expect(changeUnseen(own, sql.raw("insert into notes (id, state) values (2, 'odd')"))).rejects.toThrow()
    const lines = await validateChecks(connection, Note(['old', 'new']))
    expect(lines.map((line) => line.replaceAll(/_[0-9a-f]{8}/g, ''))).toEqual([
      "Note: rows of notes do not hold the check crossfade_state. Mend them (select * from notes where (\"state\" in ('old', 'new')) is false), and run `crossfade migrate up` again.",
      'Note: rows of notes do not hold the check crossfade_lines. Mend them (select * from notes where (crossfade.holds("lines")) is false), and run `crossfade migrate up` again.',
    ])
    await changeUnseen(own, sql.raw("update notes set state = 'old', lines = null"))
    expect(await validateChecks(connection, Note(['old', 'new']))).toEqual([])
    expect(await schemaDrift(connection, [Note(['old', 'new'])])).toEqual([])
  } finally {
    await own.close()
  }
})

test('a mapping that has grown takes the place of its checks, which keeps no older gateway from being ready', async () => {
  const own = await openStores([Note(['old', 'new'])])
  const { connection } = own.postgres
  try {
    const grown = Note(['old', 'new', 'newer'], { by: text() })
    const drift = await schemaDrift(connection, [grown])
    expect(told(drift)).toEqual([
      'check crossfade_lines is of another mapping!', // it would let pass what cannot be read
      'function holds is of another mapping!',
      'check crossfade_state is of another mapping!', // it refuses the third text
      'check crossfade_state is missing: other programs may write to state what its field cannot be',
      'function holds of check crossfade_lines is missing',
      'check crossfade_lines is missing: other programs may write to lines what its field cannot be',
    ])
    for (const { statement } of drift) await connection.run(sql.raw(statement!))
    expect(await validateChecks(connection, grown)).toEqual([])
    expect(await schemaDrift(connection, [grown])).toEqual([])
    expect(await connection.run(sql`select from pg_proc where proname like 'holds%'`)).toHaveLength(1)
    await changeUnseen(own, sql.raw("insert into notes (id, state) values (1, 'newer')"))
    expect(told(await schemaDrift(connection, [Note(['old', 'new'])]))).toEqual([
      'check crossfade_lines is of another mapping',
      'function holds is of another mapping',
      'check crossfade_state is of another mapping',
      'check crossfade_state is missing: other programs may write to state what its field cannot be',
      'function holds of check crossfade_lines is missing',
      'check crossfade_lines is missing: other programs may write to lines what its field cannot be',
    ])
  } finally {
    await own.close()
  }
})

test('what a check is of decides whether another mapping can work beside it', async () => {
  const mapped = (fields: Parameters<typeof defineEntity>[1]['fields']) =>
    defineEntity('Bill', { mongo: 'bills', postgres: 'bills', id: int(), fields })
  const own = await openStores([mapped({ payer: objectId(), total: float() })])
  const drift = async (fields: Parameters<typeof mapped>[0]) =>
    told(await schemaDrift(own.postgres.connection, [mapped(fields)]))
  try {
    // An older gateway, which knows less
    expect(await drift({ payer: objectId() })).toEqual(['check crossfade_total is of another mapping'])
    // One that would write what the check refuses
    expect(await drift({ payer: text(), total: float() })).toEqual(['check crossfade_payer is of another mapping!'])
  } finally {
    await own.close()
  }
  const Grown = defineEntity('Letter', {
    mongo: 'mail',
    postgres: 'mail',
    id: int(),
    where: { kind: 'letter' },
    fields: { kind: text(), state: enumeration(['stamped', 'posted', 'returned']) },
  })
  expect(told(await schemaDrift(stores.postgres.connection, [Grown, Card]))).toEqual([
    'check crossfade_state_Letter is of another mapping!',
    'check crossfade_state_Letter is missing: other programs may write to state what its field cannot be',
  ])
})
