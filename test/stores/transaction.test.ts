import { sql } from 'kysely'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { connectPostgres, type Executor } from '../../src/stores/postgres/connection.ts'
import { openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([])
  await stores.postgres.connection.run(sql`create table steps (n integer primary key)`)
})
afterAll(() => stores.close())

const steps = async (): Promise<number[]> => {
  const rows = await stores.postgres.connection.run<{ n: number }>(sql`select n from steps order by n`)
  return rows.map(({ n }) => n)
}

test('statements that are sent together run in their order, and each sees those before it', async () => {
  const seen = await stores.postgres.connection.transaction(async (tx) => {
    const [, rows] = await Promise.all([
      tx.run(sql`insert into steps values (1), (2)`),
      tx.run<{ n: number }>(sql`update steps set n = n + 10 returning n`),
      tx.run(sql`insert into steps values (3)`),
    ])
    return rows.map(({ n }) => n)
  })
  expect(seen).toEqual([11, 12])
  expect(await steps()).toEqual([3, 11, 12])
})

test('nothing stands of what was sent with a statement that fails', async () => {
  const { connection } = stores.postgres
  const before = await steps()
  const failing = connection.transaction((tx) =>
    Promise.all([
      tx.run(sql`insert into steps values (20)`),
      tx.run(sql`select 1 / 0`),
      tx.run(sql`insert into steps values (21)`),
    ]),
  )
  await expect(failing).rejects.toThrow('division by zero')
  expect(await steps()).toEqual(before)
  await connection.transaction((tx) => tx.run(sql`insert into steps values (22)`))
  expect(await steps()).toEqual([...before, 22])
})

test('a transaction that goes on after a failed statement is not taken for committed', async () => {
  const done = stores.postgres.connection.transaction(async (tx) => {
    await tx.run(sql`insert into steps values (50)`)
    await tx.run(sql`select 1 / 0`).catch(() => undefined)
  })
  await expect(done).rejects.toThrow('was rolled back')
  expect(await steps()).not.toContain(50)
})

test('statements that wait for those before them have the time of all', async () => {
  const impatient = connectPostgres({ uri: inject('databaseUrl'), statementTimeoutMs: 500 })
  const naps = impatient.transaction((tx) =>
    Promise.all([1, 2, 3, 4, 5].map((n) => tx.run(sql`select pg_sleep(0.4), ${n}::int as n`))),
  )
  await expect(naps).resolves.toHaveLength(5)
  await impatient.pool.end()
})

test('a transaction in which nothing is asked is none', async () => {
  expect(await stores.postgres.connection.transaction(async () => 5)).toBe(5)
})

test.each([true, false])('once a transaction is over no statement of it runs; it failed: %s', async (fails) => {
  let kept: Executor | undefined
  const done = stores.postgres.connection.transaction(async (tx) => {
    kept = tx
    await tx.run(sql`select 1`)
    if (fails) throw new Error('no')
  })
  await done.catch(() => undefined)
  await expect(kept!.run(sql`insert into steps values (40)`)).rejects.toThrow('The transaction is over')
  expect(await steps()).not.toContain(40)
})

test('a connection that breaks inside a transaction fails it and no other', async () => {
  const { connection } = stores.postgres
  const broken = connection.transaction(async (tx) => {
    const [{ pid }] = (await tx.run<{ pid: number }>(sql`select pg_backend_pid() as pid`)) as [{ pid: number }]
    await connection.run(sql`select pg_terminate_backend(${pid}::int)`)
    await Promise.all([tx.run(sql`insert into steps values (30)`), tx.run(sql`insert into steps values (31)`)])
  })
  await expect(broken).rejects.toThrow()
  expect((await steps()).filter((n) => n >= 30)).toEqual([])
})

test('a connection that ends between two statements of its holder ends nothing else', async () => {
  const { connection } = stores.postgres
  const client = await connection.connect()
  const { pid } = (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]!
  const ended = new Promise<void>((resolve) => client.on('end', resolve))
  await connection.run(sql`select pg_terminate_backend(${pid})`)
  await ended
  client.release(true)
  expect(await connection.run(sql`select 1 as n`)).toEqual([{ n: 1 }])
})
