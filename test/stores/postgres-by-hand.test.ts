import { defineEntity, everything, text, timestamp } from 'crossfade'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { type Flag, initialFlag } from '../../src/control/flag.ts'
import { raiseFlag } from '../../src/control/flag-store.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { postgresAuthority } from '../../src/stores/postgres/authority.ts'
import { connectPostgres } from '../../src/stores/postgres/connection.ts'
import type { PostgresHand } from '../../src/stores/postgres/hand.ts'
import type { Authority, DoneByHand, Image } from '../../src/stores/store.ts'
import { Account, account, newId } from '../support/account.ts'
import { Purse } from '../support/purses.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const shared = { mongo: 'contents', postgres: 'contents', id: text(), fields: { kind: text(), title: text() } } as const
const Article = defineEntity('Article', { ...shared, where: { kind: 'article' } })
const Advert = defineEntity('Advert', { ...shared, where: { kind: 'advert' } })
const Letter = defineEntity('Letter', {
  mongo: 'letters',
  postgres: 'letters',
  id: text(),
  fields: { sent: timestamp() },
})

let stores: TestStores
let revision = 2
const setFlag = (type: string, change: Partial<Flag>) =>
  raiseFlag(stores.postgres.ledger, { ...initialFlag(type, [type]), ...change, revision: revision++ })
beforeAll(async () => {
  stores = await openStores([Account, Purse, Article, Advert, Letter])
})
beforeEach(() => setFlag('Account', { stage: 'live', epoch }))
afterAll(() => stores?.close())

let epoch = 1
const run = <T>(
  postgres: (hand: PostgresHand) => Promise<T>,
  owed = true,
  { authority }: { readonly authority: Authority } = stores.postgres,
): Promise<DoneByHand<T>> =>
  authority.together(
    (steps) =>
      steps.byHand(Account, { mongo: () => Promise.reject(new Error('not asked')), postgres }, { epoch, owed }),
    () => undefined,
  )
const imageOf = async (id: string): Promise<Image | undefined> =>
  (await stores.postgres.outbox.images(Account, [id]))[0]

async function opened(): Promise<string> {
  const id = newId()
  await stores.postgres.authority.create(Account, account(id, { visits: 1 }), { epoch, owed: false })
  return id
}
const visited = (id: string) => (hand: PostgresHand) =>
  hand.run(hand.sql`update ${hand.table(Account)} set visits = 2 where t.id = ${id}`)

const tooMuch: readonly (readonly [string, (hand: PostgresHand) => Promise<unknown>, string])[] = [
  ['ends its transaction', ({ run, sql }) => run(sql`commit`), 'UNKNOWN_OUTCOME'],
  ['passes for a gateway', ({ run, sql }) => run(sql`set local crossfade.writer = 'crossfade'`), 'UNKNOWN_OUTCOME'],
  ['truncates', ({ run, sql }) => run(sql`truncate accounts cascade`), 'MISCONFIGURED'],
  [
    'gives a value of another kind',
    ({ run, sql }) => run(sql`update accounts set visits = ${'x'}::integer`),
    'BAD_USER_INPUT',
  ],
]
test.each(tooMuch)('a write by hand that %s is told so', async (_, work, code) => {
  const id = await opened()
  const written = run(async (hand) => {
    await visited(id)(hand)
    await work(hand)
  })
  await expect(written).rejects.toMatchObject({ code })
  const after = await imageOf(id)
  // What was committed all the same bears its version and its note: the triggers have seen it
  if (after!.record!['visits'] === 2) expect((await stores.postgres.outbox.owedFor(Account, [id])).has(id)).toBe(true)
  // And the connections can be used
  expect(await run(visited(id))).toMatchObject({ images: [{ record: { visits: 2 } }] })
})

test.each([
  ["set datestyle = 'German'", "select current_setting('datestyle') as seen", 'ISO, MDY'],
  ['set extra_float_digits = 0', "select current_setting('extra_float_digits') as seen", '1'],
  ["set client_encoding = 'LATIN1'", "select current_setting('client_encoding') as seen", 'UTF8'],
  ['create temp table odds (odd text)', "select to_regclass('pg_temp.odds')::text as seen", null],
  ['select pg_advisory_lock(7701)', 'select count(*)::text as seen from pg_locks where objid = 7701', '0'],
])('%s by hand is nobody else’s', async (statement, look, expected) => {
  const { result } = await run(async (hand) => {
    await hand.run(sql.raw(statement))
    return 'done'
  })
  expect(result).toBe('done')
  // As many at once as the pool has connections, or more
  const all = () =>
    Promise.all(
      Array.from({ length: 30 }, () => stores.postgres.connection.run<{ seen: string | null }>(sql.raw(look))),
    )
  // The server ends the session a moment behind the end of its connection
  await expect.poll(async () => new Set((await all()).map(([row]) => row!.seen))).toEqual(new Set([expected]))
})

test('what a side has written is durable, whatever it sets', async () => {
  const side = (postgres: (hand: PostgresHand) => Promise<unknown>) => ({
    mongo: () => Promise.reject(new Error('not asked')),
    postgres,
  })
  const { result } = await stores.postgres.authority.together(
    async (steps) => {
      const stamp = { epoch, owed: true }
      await steps.byHand(
        Account,
        side(({ run, sql }) => run(sql`set local synchronous_commit = off`)),
        stamp,
      )
      const seen = sql`select current_setting('synchronous_commit') as seen`
      return steps.byHand(
        Account,
        side(({ run }) => run(seen)),
        stamp,
      )
    },
    () => undefined,
  )
  expect(result).toEqual([{ seen: 'on' }])
})

test('what a side sets is not in force where what it has written is read', async () => {
  await setFlag('Letter', { stage: 'live', epoch })
  const stamp = { epoch, owed: true }
  const sent = new Date('2020-01-02T03:04:05Z')
  await stores.postgres.authority.create(Letter, newRecord(Letter, 'a', { sent }), stamp)
  const { images } = await stores.postgres.authority.together(
    (steps) =>
      steps.byHand(
        Letter,
        {
          mongo: () => Promise.reject(new Error('not asked')),
          async postgres({ run, sql, table }: PostgresHand) {
            await run(sql`set local datestyle = 'German'`)
            await run(sql`update ${table(Letter)} set sent = t.sent + interval '1 day'`)
          },
        },
        stamp,
      ),
    () => undefined,
  )
  expect(images).toMatchObject([{ record: { sent: new Date('2020-01-03T03:04:05Z') } }])
})

test.each([
  'set local session_replication_role = replica',
  'alter table accounts disable trigger user',
  'create temp table accounts (id text, visits int, email text)',
])('a side under %s writes what nobody would be told, and is refused', async (statement) => {
  const id = await opened()
  const written = run(async (hand) => {
    await hand.run(sql.raw(statement))
    await visited(id)(hand)
  })
  await expect(written).rejects.toMatchObject({
    code: 'MISCONFIGURED',
    message: expect.stringMatching(/^Table "\w+" has no trigger \S+ that fires, which tells what is written by hand/),
  })
  expect(await imageOf(id)).toMatchObject({ record: { visits: 1 } })
})

test('a side that turns a trigger off, and on again behind what it writes, is refused', async () => {
  const id = await opened()
  const written = run(async (hand) => {
    await hand.run(sql`alter table accounts disable trigger user`)
    await visited(id)(hand)
    await hand.run(sql`alter table accounts enable trigger user`)
  })
  await expect(written).rejects.toMatchObject({
    code: 'MISCONFIGURED',
    message: expect.stringMatching(/^Trigger crossfade_\w+ of table "accounts" was changed during a write by hand/),
  })
  expect(await imageOf(id)).toMatchObject({ record: { visits: 1 } })
  expect(await run(visited(id))).toMatchObject({ images: [{ record: { visits: 2 } }] })
})

test('a side that has lifted the time of its statements ends in its own time, and leaves nothing', async () => {
  const id = await opened()
  // Its server may take as long as it likes: nothing but the time of the side ends it
  const uri = String(stores.postgres.connection.pool.options.connectionString)
  const patient = connectPostgres({ uri, statementTimeoutMs: 60_000 })
  onTestFinished(() => patient.pool.end())
  const endless = async (hand: PostgresHand): Promise<void> => {
    await hand.run(sql`set local statement_timeout = 0`)
    await visited(id)(hand)
    await hand.run(sql`select pg_sleep(600)`)
  }
  const hasty = { ...patient, statementTimeoutMs: 1_000 }
  const short = postgresAuthority(hasty, hasty)
  await expect(run(endless, true, { authority: short })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  const asleep = () =>
    stores.postgres.connection.run(sql`select from pg_stat_activity
      where datname = current_database() and wait_event = 'PgSleep'`)
  await expect.poll(async () => (await asleep()).length, { timeout: 20_000 }).toBe(0)
  expect(await imageOf(id)).toMatchObject({ record: { visits: 1 } })
})

test('a write by hand of a table whose type MongoDB has is refused', async () => {
  await setFlag('Purse', { stage: 'shadow' })
  const id = await opened()
  const written = run(async (hand) => {
    await visited(id)(hand)
    await hand.run(hand.sql`insert into purses (id, coins) values (${id}, 1)`)
  })
  await expect(written).rejects.toMatchObject({
    code: 'MISCONFIGURED',
    message: expect.stringContaining('Purse is in stage shadow'),
  })
  expect((await imageOf(id))!.record).toMatchObject({ visits: 1 })
})

test('a write by hand of another table is noted for its type, where PostgreSQL has that', async () => {
  await setFlag('Purse', { stage: 'live', epoch: 4 })
  const id = await opened()
  await run((hand) => hand.run(hand.sql`insert into purses (id, coins) values (${id}, 1)`))
  const [purse] = await stores.postgres.outbox.images(Purse, [id])
  expect(purse).toMatchObject({ record: { coins: 1 }, version: { epoch: 4 } })
  expect((await stores.postgres.outbox.owedFor(Purse, [id])).has(id)).toBe(true)
})

test('a write by hand of a shared table finds the rows of its type; one that turns is the end of one and begins the other', async () => {
  for (const { name } of [Article, Advert]) await setFlag(name, { stage: 'live' })
  const free = { epoch: 1, owed: false }
  const { authority, outbox } = stores.postgres
  for (const [entity, id] of [
    [Article, 'mine'],
    [Article, 'turning'],
    [Advert, 'theirs'],
  ] as const)
    await authority.create(entity, newRecord(entity, id, { title: 'a' }), free)
  const renamed = (hand: PostgresHand) =>
    hand.run(hand.sql`update ${hand.table(Article)} set title = 'b', kind = case when t.id = 'turning' then 'advert' else kind end
      where ${hand.match(Article, everything)}`)
  const sides = { mongo: () => Promise.reject(new Error('not asked')), postgres: renamed }
  const { images } = await authority.together(
    (steps) => steps.byHand(Article, sides, { epoch: 1, owed: true }),
    () => undefined,
  )
  expect(images.map(({ id, record }) => [id, record?.['title']]).sort()).toEqual([
    ['mine', 'b'],
    ['turning', undefined],
  ])
  const adverts = await outbox.images(Advert, ['theirs', 'turning'])
  expect(adverts.map(({ id, record }) => [id, record?.['title']]).sort()).toEqual([
    ['theirs', 'a'],
    ['turning', 'b'],
  ])
  expect([...(await outbox.owedFor(Advert, ['theirs', 'turning'])).keys()]).toEqual(['turning'])
})

test('a write by hand is refused where a trigger is missing or disabled, which would tell of it', async () => {
  const id = await opened()
  await stores.postgres.connection.run(sql`alter table accounts disable trigger crossfade_note`)
  try {
    const refusal = { code: 'MISCONFIGURED', message: expect.stringContaining('crossfade_note') }
    await expect(run(visited(id))).rejects.toMatchObject(refusal)
  } finally {
    await stores.postgres.connection.run(sql`alter table accounts enable trigger crossfade_note`)
  }
  expect((await imageOf(id))!.record).toMatchObject({ visits: 1 })
})

test('a write by hand in complete gets versions, and owes nothing', async () => {
  await setFlag('Account', { stage: 'complete', epoch })
  const id = await opened()
  const before = await imageOf(id)
  expect((await run(visited(id), false)).images).toEqual([])
  const after = await imageOf(id)
  expect(after!.version).toEqual({ epoch, counter: before!.version.counter + 1 })
  expect((await stores.postgres.outbox.owedFor(Account, [id])).size).toBe(0)
})

test('a write by hand is refused where authority has moved, and a move waits for one that is open', async () => {
  const id = await opened()
  let moved: Promise<unknown> | undefined
  await run(async (hand) => {
    moved = setFlag('Account', { stage: 'live', epoch: 2 })
    await new Promise((done) => setTimeout(done, 200))
    await visited(id)(hand)
  })
  await moved
  expect(await imageOf(id)).toMatchObject({ record: { visits: 2 }, version: { epoch } })
  await expect(run(visited(id))).rejects.toMatchObject({ code: 'TRY_AGAIN' })
  epoch = 2
  expect(await run(visited(id))).toMatchObject({ images: [{ version: { epoch } }] })
})

test('what a block of its own has noted is not waited for, and stays owed', async () => {
  const id = await opened()
  const block = `do $$ begin update accounts set visits = 5 where id = '${id}'; exception when others then null; end $$`
  expect((await run(({ run, sql }) => run(sql.raw(block)))).images).toEqual([])
  expect((await stores.postgres.outbox.owedFor(Account, [id])).has(id)).toBe(true)
})

test('nobody knows whether it stands where the commit was not answered', async () => {
  const { connection } = stores.postgres
  await connection.run(sql`create function slow() returns trigger language plpgsql as
    $$ begin perform pg_sleep(600); return null; end $$`)
  await connection.run(sql`create constraint trigger slow after update on accounts deferrable initially deferred
    for each row when (new.visits = 2) execute function slow()`)
  const written = run(visited(await opened())).catch((error: unknown) => error)
  const ended = () =>
    connection.run(sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and wait_event = 'PgSleep'`)
  await expect.poll(async () => (await ended()).length, { timeout: 20_000 }).toBe(1)
  expect(await written).toMatchObject({ code: 'UNKNOWN_OUTCOME' })
})
