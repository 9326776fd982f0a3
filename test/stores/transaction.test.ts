import { type RawBuilder, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { connectPostgres } from '../../src/stores/postgres/connection.ts'
import { failureOf } from '../../src/stores/postgres/errors.ts'
import type { Executor } from '../../src/stores/postgres/executor.ts'
import { openStores, type TestStores } from '../support/stores.ts'
import { tcpProxy } from '../support/tcp-proxy.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([])
  await stores.postgres.connection.run(sql`create table steps (n integer primary key)`)
})
afterAll(() => stores.close())

const databaseUrl = (): string => String(stores.postgres.connection.pool.options.connectionString)

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
  await expect(done).rejects.toThrow('division by zero')
  expect(await steps()).not.toContain(50)
})

describe('COMMIT that is sent with what comes before it', () => {
  const insert = (n: number) => sql`insert into steps values (${n}::int)`
  const given = (...statements: RawBuilder<unknown>[]) =>
    stores.postgres.connection.transaction((tx) => tx.commit<{ n: number }>(statements))

  test('gives the rows of the last statement', async () => {
    expect(await given(insert(60), sql`select n from steps where n = 60`)).toEqual([{ n: 60 }])
    expect(await given()).toEqual([])
  })

  test('commits nothing where one of them fails, and tells which', async () => {
    await expect(given(insert(61), sql`select 1 / 0`, insert(62))).rejects.toThrow('division by zero')
    await expect(given(insert(63), insert(63))).rejects.toMatchObject({ code: '23505' })
    expect((await steps()).filter((n) => n > 60)).toEqual([])
  })

  const circular: Record<string, unknown> = {}
  circular['itself'] = circular
  test.each([
    ['has more values than the protocol counts', sql`select ${sql.join(Array(65_536).fill(1))}`],
    ['has a value that is no text', sql`select ${circular}::jsonb`],
    ['has a number that JSON cannot hold', sql`select ${{ n: 1n }}::jsonb`],
  ])('commits nothing where one of them %s, so that it never left', async (_, statement) => {
    await expect(given(insert(64), statement, insert(65))).rejects.toThrow()
    expect((await steps()).filter((n) => n > 60)).toEqual([])
  })

  test('leaves a connection behind that can be used', async () => {
    const alone = connectPostgres({ uri: databaseUrl(), poolSize: 1 })
    const pid = async () => (await alone.run<{ pid: number }>(sql`select pg_backend_pid() as pid`))[0]!.pid
    const before = await pid()
    await expect(alone.transaction((tx) => tx.commit([sql`select 1 / 0`]))).rejects.toThrow()
    await expect(alone.transaction((tx) => tx.commit([sql`select ${{ n: 1n }}::jsonb`]))).rejects.toThrow()
    expect(await pid()).toBe(before)
    await alone.pool.end()
  })

  describe('where the server ends the connection', () => {
    beforeAll(async () => {
      await stores.postgres.connection.run(sql`create function slow() returns trigger language plpgsql as
        $$ begin perform pg_sleep(600); return null; end $$`)
      await stores.postgres.connection.run(sql`create table slow_steps (n integer primary key)`)
      await stores.postgres.connection.run(sql`create constraint trigger slow after insert on slow_steps
        deferrable initially deferred for each row execute function slow()`)
    })

    /** Ends the one session that sleeps, once it does. */
    async function endSleeper(): Promise<void> {
      const ended = (): Promise<readonly unknown[]> =>
        stores.postgres.connection.run(
          sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
        )
      await expect.poll(async () => (await ended()).length, { timeout: 20_000 }).toBe(1)
    }

    test('nothing was written where it was at a statement before COMMIT', async () => {
      const failed = given(insert(70), sql`select pg_sleep(600)`, insert(71)).catch(failureOf)
      await endSleeper()
      expect(await failed).toBe('unreachable')
      expect((await steps()).filter((n) => n >= 70)).toEqual([])
    })

    test('nobody knows where it was at COMMIT', async () => {
      const failed = given(insert(72), sql`insert into slow_steps values (1)`).catch(failureOf)
      await endSleeper()
      expect(await failed).toBe('unknown')
    })
  })

  test('nobody knows where nothing is answered at all', async () => {
    const proxy = await tcpProxy(Number(new URL(databaseUrl()).port))
    const uri = new URL(databaseUrl())
    uri.port = String(proxy.port)
    const far = connectPostgres({ uri: uri.href, statementTimeoutMs: 100 })
    await far.run(sql`select 1`)
    proxy.hang(true)
    expect(await far.transaction((tx) => tx.commit([insert(73)])).catch(failureOf)).toBe('unknown')
    // One that had not come to its COMMIT is another matter
    proxy.hang(false)
    const asked = far.transaction(async (tx) => {
      await tx.run(insert(74))
      proxy.hang(true)
      await tx.run(insert(75))
    })
    expect(await asked.catch(failureOf)).toBe('unreachable')
    proxy.hang(false)
    await far.pool.end()
    await proxy.stop()
  })
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
  expect((await steps()).filter((n) => n === 30 || n === 31)).toEqual([])
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
