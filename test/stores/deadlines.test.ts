import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { allFields } from '../../src/entity/field-set.ts'
import { everything } from '../../src/query/where.ts'
import { connectMongo, type MongoConnection } from '../../src/stores/mongo/connection.ts'
import * as mongo from '../../src/stores/mongo/errors.ts'
import { mongoReader } from '../../src/stores/mongo/reader.ts'
import { connectPostgres, type PostgresConnection } from '../../src/stores/postgres/connection.ts'
import * as postgres from '../../src/stores/postgres/errors.ts'
import { Account } from '../support/account.ts'
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts'

const failed = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'it succeeded',
    (error: unknown) => error,
  )

async function through(uri: string): Promise<{ proxy: TcpProxy; door: string }> {
  const proxy = await tcpProxy(Number(new URL(uri).port))
  const door = new URL(uri)
  door.port = String(proxy.port)
  return { proxy, door: door.href }
}

describe('PostgreSQL', () => {
  let proxy: TcpProxy
  let connection: PostgresConnection
  beforeAll(async () => {
    const found = await through(inject('databaseUrl'))
    proxy = found.proxy
    connection = connectPostgres({ uri: found.door, poolSize: 2, statementTimeoutMs: 100, waitMs: 300 })
  })
  afterAll(async () => {
    await connection.pool.end()
    await proxy.stop()
  })

  test('after 100 calls that a server which hangs never answered, the pool is free', async () => {
    await connection.run(sql`select 1`)
    proxy.hang(true)
    const errors = await Promise.all(Array.from({ length: 100 }, () => failed(connection.run(sql`select 1`))))
    expect(errors.filter((error) => error === 'it succeeded')).toEqual([])
    for (const error of errors) expect(['unknown', 'full', 'unreachable']).toContain(postgres.failureOf(error))
    proxy.hang(false)
    expect(await Promise.all([1, 2, 3].map((n) => connection.run(sql`select ${n}::int as n`)))).toHaveLength(3)
    expect(connection.pool.waitingCount).toBe(0)
    expect(connection.pool.totalCount).toBeLessThanOrEqual(2)
  })

  test('after 100 calls that their callers ended, the pool is free', async () => {
    await connection.run(sql`select 1`)
    proxy.hang(true)
    for (let call = 0; call < 100; call++) {
      const ends = new AbortController()
      const error = failed(connection.run(sql`select 1`, ends.signal))
      setTimeout(() => ends.abort('over'), 5)
      // One that was still connecting has its own end
      expect(['over', 'full', 'unreachable']).toContain(postgres.failureOf(await error) ?? (await error))
    }
    proxy.hang(false)
    expect(await connection.run(sql`select 1 as one`)).toEqual([{ one: 1 }])
    expect(connection.pool.waitingCount).toBe(0)
  }, 60_000)

  test('the statement of a caller that has left is ended in the server', async () => {
    const direct = connectPostgres({ uri: inject('databaseUrl'), statementTimeoutMs: 600_000 })
    const sleeping = () =>
      direct.run(
        sql`select 1 from pg_stat_activity where state = 'active' and query like '%pg_sleep(600)%' and pid <> pg_backend_pid()`,
      )
    const ends = new AbortController()
    const error = failed(direct.run(sql`select pg_sleep(600)`, ends.signal))
    while ((await sleeping()).length === 0);
    ends.abort('left')
    expect(await error).toBe('left')
    await expect.poll(sleeping, { timeout: 20_000 }).toEqual([])
    await direct.pool.end()
  })

  test('a caller that leaves waits for no connection, also where one was free when it asked', async () => {
    const alone = connectPostgres({ uri: inject('databaseUrl'), poolSize: 1, waitMs: 60_000 })
    await alone.run(sql`select 1`)
    expect(alone.pool.idleCount).toBe(1)
    const ends = new AbortController()
    const first = alone.run(sql`select pg_sleep(3)`).then(() => 'the first is answered')
    const second = failed(alone.run(sql`select 1`, ends.signal))
    setTimeout(() => ends.abort('left'), 20)
    expect(await Promise.race([first, second])).toBe('left')
    await first
    await alone.pool.end()
  })

  test('a call whose caller has left before it began sends nothing', async () => {
    const error = await failed(connection.run(sql`select 1`, AbortSignal.abort('left')))
    expect(error).toBe('left')
  })
})

describe('MongoDB', () => {
  let proxy: TcpProxy
  let connection: MongoConnection
  beforeAll(async () => {
    const found = await through(inject('mongoUri'))
    proxy = found.proxy
    const uri = new URL(found.door)
    uri.pathname = `/deadlines_${process.pid}`
    connection = connectMongo({ uri: uri.href, poolSize: 2, maxTimeMs: 100, waitMs: 300 })
  })
  afterAll(async () => {
    proxy.hang(false)
    await connection.db.dropDatabase()
    await connection.close()
    await proxy.stop()
  })
  const page = (signal?: AbortSignal) => {
    const order = [{ path: 'id', direction: 'asc' }] as const
    return mongoReader(connection).query(
      Account,
      { where: everything, order, limit: 1, fields: allFields(Account) },
      signal,
    )
  }

  test('after 100 calls that a server which hangs never answered, the pool is free', async () => {
    await page()
    proxy.hang(true)
    const errors = await Promise.all(Array.from({ length: 100 }, () => failed(page())))
    expect(errors.filter((error) => error === 'it succeeded')).toEqual([])
    for (const error of errors) expect(['full', 'unreachable']).toContain(mongo.failureOf(error))
    proxy.hang(false)
    await expect.poll(() => failed(page()), { timeout: 10_000 }).toBe('it succeeded')
    // More than there are connections, so that one which was lost would show
    await expect.poll(() => failed(Promise.all([page(), page(), page()])), { timeout: 10_000 }).toBe('it succeeded')
  }, 60_000)

  test('a write that hangs ends with its connection, and its outcome is unknown', async () => {
    proxy.hang(true)
    const error = await failed(connection.db.collection('notes').insertOne({ n: 1 }))
    expect(mongo.writeError(Account, error, 1)).toMatchObject({ code: 'UNKNOWN_OUTCOME' })
    proxy.hang(false)
    await expect.poll(() => failed(page()), { timeout: 10_000 }).toBe('it succeeded')
  }, 60_000)

  test('after 100 calls that their callers ended, the pool is free', async () => {
    proxy.hang(true)
    for (let call = 0; call < 100; call++) {
      const ends = new AbortController()
      const error = failed(page(ends.signal))
      setTimeout(() => ends.abort(new Error('over')), 5)
      expect(await error).toMatchObject({ message: 'over' })
    }
    proxy.hang(false)
    await expect.poll(() => failed(page()), { timeout: 10_000 }).toBe('it succeeded')
  }, 60_000)

  test('builds of indexes and scans of whole collections have no such end', async () => {
    proxy.delay(1_300)
    expect(await failed(page())).not.toBe('it succeeded')
    expect(await connection.patient().db.command({ ping: 1 })).toMatchObject({ ok: 1 })
    proxy.delay(0)
    await expect.poll(() => failed(page()), { timeout: 10_000 }).toBe('it succeeded')
  })
})
