import { defineEntity, int, text } from 'crossfade'
import { sql } from 'kysely'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newRecord } from '../../src/entity/new-record.ts'
import { missingIndexes } from '../../src/evidence/index-parity.ts'
import { ensureConstraints } from '../../src/jobs/ensure-constraints.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Seat = defineEntity('Seat', {
  mongo: 'seats',
  postgres: 'seats',
  id: int(),
  fields: { code: text().unique(), row: int(), guest: text() },
})

let stores: TestStores
beforeEach(async () => {
  stores = await openStores([Seat])
  await stores.mongo.connection.collection(Seat).createIndex({ code: 1 }, { unique: true, sparse: true })
  await put({ 1: 'a', 2: 'b' }, 1)
})
afterEach(() => stores.close())

const put = (codes: Readonly<Record<number, string>>, counter: number) =>
  stores.postgres.replica.bulkPut(
    Seat,
    Object.entries(codes).map(([id, code]) => {
      const record = newRecord(Seat, Number(id), { code, row: 1 })
      return { id: Number(id), version: { epoch: 1, counter }, pending: false, record, rest: null, issues: [] }
    }),
    anyEpoch,
  )

const run = (text: string) => stores.postgres.connection.run(sql.raw(text))

const definitions = async () =>
  (await run(
    "select conname, pg_get_constraintdef(oid) as def from pg_constraint where conrelid = 'seats'::regclass and contype = 'u'",
  )) as {
    conname: string
    def: string
  }[]

const kept = [{ conname: 'seats_code_key', def: 'UNIQUE (code) DEFERRABLE' }]

test('several processes that end a copy at once make each key once, and find each issue once', async () => {
  await put({ 4: 'd', 5: 'd' }, 1).catch(() => undefined)
  const all = Array.from({ length: 6 }, () => ensureConstraints(stores, [Seat]))
  expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual(Array(6).fill('fulfilled'))
  expect(await stores.postgres.dataIssues.counts(Seat)).toMatchObject([{ path: 'code', count: 2 }])
  await run('delete from seats where id = 5')
  const again = Array.from({ length: 6 }, () => ensureConstraints(stores, [Seat]))
  expect((await Promise.allSettled(again)).map(({ status }) => status)).toEqual(Array(6).fill('fulfilled'))
  expect(await definitions()).toEqual(kept)
})

async function canSwap(counter: number): Promise<void> {
  const applied = { put: 'applied' }
  expect(await put({ 1: 'b', 2: 'a' }, counter)).toEqual([applied, applied])
  expect(await put({ 1: 'a', 2: 'b' }, counter + 1)).toEqual([applied, applied])
  expect(await put({ 3: 'a' }, counter)).toMatchObject([{ put: 'blocked', by: [1] }])
}

async function printed(): Promise<string[]> {
  const found = await missingIndexes(stores, Seat, [])
  return found.flatMap(({ statement }) => statement ?? [])
}

test('what doctor prints for a unique field is what backfill makes, and records exchange values', async () => {
  const statements = await printed()
  expect(statements).toEqual([
    'create unique index concurrently "seats_code_key" on "seats" ("code");',
    'alter table "seats" add constraint "seats_code_key" unique using index "seats_code_key" deferrable initially immediate;',
  ])
  for (const statement of statements) await run(statement)
  await ensureConstraints(stores, [Seat])
  expect(await definitions()).toEqual(kept)
  expect(await printed()).toEqual([])
  await canSwap(2)
})

test.each([
  ['an index that doctor printed', 'create unique index seats_code_key on seats (code)'],
  ['an index in another order', 'create unique index seats_code_key on seats (code nulls first)'],
  ['an index of another column', 'create index seats_code_key on seats ("row")'],
  ['a constraint that cannot be deferred', 'alter table seats add constraint seats_code_key unique (code)'],
  ['nothing', 'select 1'],
])('%s under the name of the key becomes a constraint that can be deferred', async (_, before) => {
  await run(before)
  await ensureConstraints(stores, [Seat])
  await ensureConstraints(stores, [Seat])
  expect(await definitions()).toEqual(kept)
  expect(await run("select from pg_class where relname like 'seats_code%new'")).toEqual([])
  await canSwap(2)
})

test('an index that a failed build left behind is made anew', async () => {
  await run("insert into seats (id, code) values (3, 'a')")
  await expect(run('create unique index concurrently seats_code_key on seats (code)')).rejects.toMatchObject({
    code: '23505',
  })
  const [left] = await run("select indisvalid from pg_index where indexrelid = 'seats_code_key'::regclass")
  expect(left).toEqual({ indisvalid: false })
  await run('delete from seats where id = 3')
  await ensureConstraints(stores, [Seat])
  expect(await definitions()).toEqual(kept)
  await canSwap(2)
})

test('duplicates, among them records without a value, are data issues, and the key comes when they are resolved', async () => {
  const collection = stores.mongo.connection.collection(Seat)
  await collection.dropIndex('code_1')
  await collection.createIndex({ code: 1 }, { unique: true })
  await run("insert into seats (id, code) values (3, 'a'), (4, null), (5, null)")
  await ensureConstraints(stores, [Seat])
  expect(await definitions()).toEqual([])
  expect(await stores.postgres.dataIssues.counts(Seat)).toMatchObject([
    { path: 'code', rule: 'should be unique but is not', count: 4 },
  ])
  await run('delete from seats where id in (3, 4)')
  await ensureConstraints(stores, [Seat])
  // PostgreSQL 14 has an index over the rows without a value in the place of NULLS NOT DISTINCT
  expect((await definitions()).map(({ def }) => def.replace('NULLS NOT DISTINCT ', ''))).toEqual([kept[0]!.def])
  await expect(run('insert into seats (id) values (6)')).rejects.toMatchObject({ code: '23505' })
  expect(await stores.postgres.dataIssues.counts(Seat)).toEqual([])
})

test('a unique index of another name is told, since it stops exchanges, and goes by what is printed', async () => {
  await run('create unique index by_hand on seats (code)')
  await ensureConstraints(stores, [Seat])
  expect(await printed()).toEqual(['drop index concurrently "by_hand";'])
  for (const statement of await printed()) await run(statement)
  await canSwap(2)
})

test.each(['read committed', 'repeatable read'])(
  'reads go on while a %s report holds the table and the key is made; it is there once the report ends',
  async (isolation) => {
    const report = new pg.Client({ connectionString: stores.postgres.connection.pool.options.connectionString })
    await report.connect()
    const log: string[] = []
    try {
      await report.query(`begin isolation level ${isolation}`)
      await report.query('select * from seats')
      let made = false
      const options = { waitMs: 50, tries: 10_000, log: (line: string) => log.push(line) }
      const making = ensureConstraints(stores, [Seat], options).finally(() => {
        made = true
      })
      for (let read = 0; read < 20; read++) {
        // Ends with 57014 where the read queues behind a lock that waits for the report
        const [, rows] = await stores.postgres.connection.transaction((tx) =>
          Promise.all([tx.run(sql`set local statement_timeout = '2s'`), tx.run(sql`select id from seats order by id`)]),
        )
        expect(rows).toEqual([{ id: 1 }, { id: 2 }])
        await new Promise((done) => setTimeout(done, 30))
      }
      expect(made).toBe(false)
      await report.query('commit')
      await making
    } finally {
      await report.end()
    }
    expect(await definitions()).toEqual(kept)
    await canSwap(2)
  },
)

test('a table that is never free keeps its values unique, and that records cannot exchange them is said', async () => {
  const report = new pg.Client({ connectionString: stores.postgres.connection.pool.options.connectionString })
  await report.connect()
  const log: string[] = []
  try {
    await report.query('begin')
    await report.query('select * from seats')
    await ensureConstraints(stores, [Seat], { waitMs: 10, tries: 2, log: (line) => log.push(line) })
  } finally {
    await report.end()
  }
  expect(log).toEqual([
    'seats: its unique key waits for transactions that read or write the table to end',
    'Seat: seats_code_key: other transactions kept seats locked; values are unique, but records cannot exchange them yet. Run backfill again.',
  ])
  expect(await put({ 3: 'a' }, 1)).toMatchObject([{ put: 'blocked', by: [1] }])
})
