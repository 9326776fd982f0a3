import {
  binary,
  boolean,
  decimal,
  defineEntity,
  embed,
  enumeration,
  float,
  int,
  json,
  list,
  long,
  longId,
  objectId,
  text,
  timestamp,
  uuid,
} from 'crossfade'
import { type RawBuilder, sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { initialFlag } from '../../src/control/flag.ts'
import { raiseFlag } from '../../src/control/flag-store.ts'
import { allFields } from '../../src/entity/field-set.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { tombstoneOf } from '../../src/mirror/tombstone-of.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { lockRecords } from '../../src/stores/postgres/bookkeeping.ts'
import { load } from '../../src/stores/postgres/load.ts'
import type { Image, LiveImage } from '../../src/stores/store.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { compareStores } from '../support/compare-stores.ts'
import { changeUnseen, emptyStores, openStores, type TestStores } from '../support/stores.ts'

const ticket = '0198c5a3-7e1c-7bb2-8f4e-00a1b2c3d4e5'

/** Of each kind its column alone, a list in a column, and one in a table of its own. */
const scalars = {
  objectId: objectId(),
  text: text(),
  int: int(),
  float: float(),
  boolean: boolean(),
  timestamp: timestamp(),
  decimal: decimal(),
  long: long(),
  longId: longId(),
  uuid: uuid(),
  binary: binary(),
  enumeration: enumeration(['open', 'N', '\\N', 'NULL']),
}
type Scalar = keyof typeof scalars

const Crate = defineEntity('Crate', {
  mongo: 'crates',
  postgres: 'crates',
  id: int(),
  fields: {
    ...scalars,
    json: json(),
    objectIds: list(objectId()),
    texts: list(text()),
    ints: list(int()),
    floats: list(float()),
    booleans: list(boolean()),
    timestamps: list(timestamp()),
    decimals: list(decimal()),
    longs: list(long()),
    longIds: list(longId()),
    uuids: list(uuid()),
    binaries: list(binary()),
    enumerations: list(enumeration(['open', 'N', '\\N', 'NULL'])),
    rowsOfText: list(text()).childTable('crate_texts'),
    rowsOfBinary: list(binary()).childTable('crate_binaries'),
    inner: embed({ note: text(), since: timestamp() }),
    lines: list(embed({ sku: text(), price: decimal(), tags: list(text()) })),
    rows: list(embed({ sku: text(), packed: timestamp(), tags: list(text()), more: json() })).childTable('crate_rows'),
    code: text().unique(),
  },
})
const tables = ['crates', 'crate_texts', 'crate_binaries', 'crate_rows']

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Crate])
  await stores.postgres.connection.run(sql`alter table crates add constraint crates_code_key unique (code)`)
  await stores.postgres.connection.run(sql`alter table crates add constraint small check ("int" < 1000000)`)
})
beforeEach(() => emptyStores(stores))
afterAll(() => stores.close())

type Values = Parameters<typeof newRecord>[2]

const image = (id: number, values: Values = {}, more: Partial<Image> = {}): LiveImage => ({
  id,
  version: { epoch: 1, counter: 7 },
  pending: false,
  rest: null,
  issues: [],
  ...more,
  record: newRecord(Crate, id, values),
})

const put = (images: readonly Image[], areNew = true, under = anyEpoch) =>
  stores.postgres.replica.bulkPut(Crate, images, under, areNew)

const loaded = (...images: readonly LiveImage[]): Promise<boolean> =>
  load(stores.postgres.puts, Crate, images, anyEpoch)

const rows = async <T>(statement: RawBuilder<unknown>) => stores.postgres.connection.run<T>(statement)

/** All that the tables hold, as PostgreSQL writes it. */
const stored = async (): Promise<unknown[]> =>
  Promise.all(tables.map((table) => rows(sql`select t::text as row from ${sql.id(table)} t order by 1`)))

const records = async (...ids: number[]): Promise<unknown[]> => {
  const found = await stores.postgres.reader.byIds(Crate, ids, allFields(Crate))
  return ids.map((id) => found.get(id)?.record)
}

const nasty = [
  '',
  '\\',
  '\\N',
  '\\.',
  'a\tb\nc\rd',
  '"',
  '{}',
  '{a,b}',
  'NULL',
  "it's",
  ' both ',
  '\b\f\v',
  '🚋 é',
  '\\u0041',
]
const bytes = (text: string): string => Buffer.from(text, 'latin1').toString('base64')

const values: Readonly<Record<Scalar, readonly unknown[]>> = {
  objectId: ['0'.repeat(24), 'f'.repeat(24)],
  text: nasty,
  int: [0, -2_147_483_648, 999_999],
  float: [0, 0.1, -1e-300, 1.7976931348623157e308, 5e-324, 1e21],
  boolean: [true, false],
  timestamp: [
    '1970-01-01T00:00:00.000Z',
    '0001-01-01T00:00:00.000Z',
    '-000043-03-15T12:00:00.001Z',
    '9999-12-31T23:59:59.999Z',
  ],
  decimal: ['0', '-12.34', '1E-6176', '9.999999999999999999999999999999999E+6144', '1E+40'],
  long: [-(2n ** 63n), 2n ** 63n - 1n, 0n],
  longId: ['-9223372036854775808', '9007199254740993', '0'],
  uuid: [ticket],
  binary: ['', bytes('\0\xff\\'), bytes('\\x41')],
  enumeration: ['open', 'N', '\\N', 'NULL'],
}
const taken = (name: Scalar): readonly unknown[] =>
  name === 'timestamp' ? values[name].map((each) => new Date(String(each))) : values[name]

const plurals: Readonly<Record<Scalar, string>> = {
  objectId: 'objectIds',
  text: 'texts',
  int: 'ints',
  float: 'floats',
  boolean: 'booleans',
  timestamp: 'timestamps',
  decimal: 'decimals',
  long: 'longs',
  longId: 'longIds',
  uuid: 'uuids',
  binary: 'binaries',
  enumeration: 'enumerations',
}

const jsons = [
  ...nasty,
  0,
  1.5,
  false,
  [],
  {},
  [null, [1, [2]], 'NULL'],
  { b: 1, a: { '': null, 'a\tb': '\\' }, __proto__x: [true] },
] as const

describe('What is loaded is what a put writes, and reads back as it was', () => {
  async function isTheSame(images: readonly LiveImage[]): Promise<void> {
    expect(await loaded(...images)).toBe(true)
    const fromCopy = await stored()
    expect(await records(...images.map(({ id }) => Number(id)))).toEqual(images.map(({ record }) => record))
    await changeUnseen(stores, sql`delete from crates`)
    expect(await put(images, false)).toEqual(images.map(() => ({ put: 'applied' })))
    expect(fromCopy).toEqual(await stored())
  }

  test.each(Object.keys(scalars) as Scalar[])('values of kind %s', async (name) => {
    await isTheSame(taken(name).map((value, n) => image(n, { [name]: value })))
  })

  test.each(Object.keys(scalars) as Scalar[])('lists of kind %s, none and an empty one among them', async (name) => {
    const lists = [taken(name), [], null, [...taken(name)].reverse()]
    await isTheSame(lists.map((each, n) => image(n, { [plurals[name]]: each })))
  })

  test('json, whose texts are kept as they are written', async () => {
    await isTheSame(jsons.map((json, n) => image(n, { json })))
  })

  test('lists that have a table of their own', async () => {
    await isTheSame([
      image(1, { rowsOfText: nasty, rowsOfBinary: taken('binary') as string[] }),
      image(2, { rowsOfText: [], rowsOfBinary: null }),
      image(3),
    ])
  })

  test('objects, and lists of them in json and in tables, with what the mapping does not name', async () => {
    const packed = new Date('-000043-03-15T12:00:00.001Z')
    const line = { sku: '\\N', price: '1E+40', tags: ['a\tb', '"'] }
    const row = { sku: '\\', packed, tags: ['{}', ''], more: { a: ['\\'] } }
    const bare = { sku: null, packed: null, tags: null, more: null }
    const rest = { 'a\tb': ['\\', { $date: 'x' }] }
    const elementRests = { lines: [rest, null], rows: [null, rest] }
    const lines = [line, { sku: null, price: null, tags: [] }]
    await isTheSame([
      image(1, { inner: { note: '\n', since: packed }, lines, rows: [row, bare] }, { rest, elementRests }),
      image(2, { inner: { note: null, since: null }, lines: [], rows: [] }),
      image(3, { inner: null, lines: null, rows: null }),
    ])
  })

  test('more than one message of the protocol holds, with characters of several bytes at its ends', async () => {
    await isTheSame(Array.from({ length: 150 }, (_, n) => image(n, { text: `${'🚋é'.repeat(1_000)}${n}` })))
  })
})

describe('A load that cannot be is a put', () => {
  const fine = [image(1, { text: 'one' }), image(3, { text: 'three' })] as const
  const around = (other: LiveImage): LiveImage[] => [fine[0], other, fine[1]]
  const applied = { put: 'applied' }

  test('what was deleted does not come back, and stands in the way of no other', async () => {
    await put([tombstoneOf(image(2))])
    expect(await loaded(...around(image(2)))).toBe(false)
    expect(await stored()).toEqual([[], [], [], []])
    expect(await put(around(image(2)))).toEqual([applied, { put: 'late' }, applied])
    expect(await records(1, 2, 3)).toEqual([fine[0].record, undefined, fine[1].record])
  })

  test('what was deleted before it was made anew is written', async () => {
    await put([tombstoneOf(image(2))])
    const anew = image(2, { text: 'anew' }, { version: { epoch: 1, counter: 9 } })
    expect(await put(around(anew))).toEqual([applied, applied, applied])
  })

  test('a record that came meanwhile stays where it is newer, and gives way where it is older', async () => {
    const newer = image(2, { text: 'newer', rowsOfText: ['n'] }, { version: { epoch: 1, counter: 9 } })
    await put([newer], false)
    expect(await put(around(image(2, { text: 'two', rowsOfText: ['a', 'b'] })))).toEqual([
      applied,
      { put: 'late' },
      applied,
    ])
    expect(await records(2)).toEqual([newer.record])
    const newest = image(2, { text: 'newest', rowsOfText: [] }, { version: { epoch: 2, counter: 1 } })
    expect(await put([newest])).toEqual([applied])
    expect(await records(2)).toEqual([newest.record])
  })

  test('a delete that is on its way is waited for: its record does not come back', async () => {
    let putting: ReturnType<typeof put> | undefined
    const waiting = async (): Promise<number> =>
      (
        await rows(
          sql`select 1 from pg_locks where locktype = 'advisory' and not granted
              and database = (select oid from pg_database where datname = current_database())`,
        )
      ).length
    await stores.postgres.connection.transaction(async (tx) => {
      await tx.run(lockRecords(Crate, [2]))
      putting = put(around(image(2)))
      await expect.poll(waiting, { timeout: 20_000 }).toBe(1)
      await tx.run(sql`insert into crossfade.tombstones (entity, id, epoch, counter) values ('Crate', '2', 1, 7)`)
    })
    expect(await putting).toEqual([applied, { put: 'late' }, applied])
    expect(await records(1, 2, 3)).toEqual([fine[0].record, undefined, fine[1].record])
  })

  test.each<[string, Values]>([
    ['a text with NUL', { text: 'a\0b' }],
    ['a lone surrogate', { text: 'a\ud800' }],
    ['NUL inside of json', { json: { a: 'a\0b' } }],
    ['a lone surrogate inside of json', { json: ['\udfff'] }],
    ['NUL in a row of a list', { rowsOfText: ['fine', '\0'] }],
    ['a lone surrogate in an object of a list', { rows: [{ sku: '\ud83d', packed: null, tags: null, more: null }] }],
    ['a value that a check refuses', { int: 1_000_000 }],
  ])('%s is refused, and holds up no other', async (_, dirty) => {
    // As no reader of a store would make it
    const other = { ...image(2), record: { ...image(2).record, ...dirty } } as LiveImage
    expect(await loaded(...around(other))).toBe(false)
    expect(await stored()).toEqual([[], [], [], []])
    expect(await put(around(other))).toEqual([applied, { put: 'refused', reason: expect.any(String) }, applied])
    expect(await records(1, 2, 3)).toEqual([fine[0].record, undefined, fine[1].record])
  })

  test('a value that another record holds alone blocks one record', async () => {
    await put([image(9, { code: 'c' })])
    expect(await put(around(image(2, { code: 'c' })))).toEqual([
      applied,
      { put: 'blocked', constraint: 'crates_code_key', by: [9] },
      applied,
    ])
  })

  test('where the flag is of a later epoch nothing is written', async () => {
    await raiseFlag(stores.postgres.ledger, { ...initialFlag('Crate'), epoch: 4, revision: 4 })
    expect(await put(fine, true, 3)).toEqual([{ put: 'overtaken' }, { put: 'overtaken' }])
    expect(await put(fine, true, 4)).toEqual([applied, applied])
  })
})

test.each<Stage>(['dualwrite', 'live'])(
  'in %s a load is refused and noted by no trigger, and keeps the version',
  async (stage) => {
    await raiseFlag(stores.postgres.ledger, { ...initialFlag('Crate'), stage, revision: 2 })
    expect(await loaded(image(1, { text: 'one', rowsOfText: ['a'] }))).toBe(true)
    expect(await rows(sql`select _cf_epoch, _cf_counter from crates`)).toEqual([{ _cf_epoch: '1', _cf_counter: '7' }])
    expect(await rows(sql`select * from crossfade.pending`)).toEqual([])
  },
)

test('a load brings the issues of its records, and ends what kept them out', async () => {
  const issue = { path: 'int', rule: 'is not a number', raw: '"x"' }
  const kept = { path: '(record)', rule: 'too large', raw: '' }
  await stores.postgres.dataIssues.keepOut(Crate, [1], [{ id: 1, issues: [kept] }])
  expect(await loaded(image(1, { text: 'one' }, { issues: [issue] }))).toBe(true)
  expect(await stores.postgres.dataIssues.of(Crate, '1')).toMatchObject([issue])
})

test('a connection that a load failed on takes the next statement', async () => {
  const { pool } = stores.postgres.puts
  for (let round = 0; round < 3; round++) expect(await loaded(image(1), image(1))).toBe(false)
  expect(pool.totalCount).toBe(1)
  expect(await loaded(image(1))).toBe(true)
})

describe('A copy', () => {
  const documents = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => ({ _id: from + n, text: `text ${from + n}` }) as never)

  async function heard(): Promise<readonly (boolean | undefined)[]> {
    const areNew: (boolean | undefined)[] = []
    const { replica } = stores.postgres
    const bulkPut: typeof replica.bulkPut = (...given) => {
      if (given[1].length > 0) areNew.push(given[3])
      return replica.bulkPut(...given)
    }
    const heard = { ...stores, postgres: { ...stores.postgres, replica: { ...replica, bulkPut } } }
    await backfill({ stores: heard, entity: Crate, batch: 10 })
    expect(await compareStores(stores, Crate)).toMatchObject({ different: [] })
    return areNew
  }

  test('loads where the table has nothing, and puts where it has something', async () => {
    await stores.mongo.connection.collection(Crate).insertMany(documents(0, 30))
    expect(await heard()).toEqual([true, true, true])
    await stores.mongo.connection.collection(Crate).insertMany(documents(30, 40))
    expect(await heard()).toEqual([false, false, false, true])
  })
})
