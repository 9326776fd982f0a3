import { sql } from 'kysely'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { connectPostgres, type PostgresConnection } from '../../src/stores/postgres/connection.ts'
import { failureOf } from '../../src/stores/postgres/errors.ts'
import { Ending } from '../../src/util/ending.ts'
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts'

let direct: PostgresConnection
let proxy: TcpProxy
let through: URL
beforeAll(async () => {
  direct = connectPostgres({ uri: inject('databaseUrl') })
  proxy = await tcpProxy(Number(new URL(inject('databaseUrl')).port))
  through = new URL(inject('databaseUrl'))
  through.port = String(proxy.port)
})
afterAll(async () => {
  await direct.pool.end()
  await proxy.stop()
})

const failed = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'it succeeded',
    (error: unknown) => error,
  )

const pidOf = async (connection: PostgresConnection): Promise<unknown> =>
  (await connection.run(sql`select pg_backend_pid() as pid`))[0]!['pid']

/** What runs in the server of those statements. */
const running = (text: string): Promise<readonly unknown[]> =>
  direct.run(
    sql`select pid from pg_stat_activity where query like ${`%${text}%`} and state = 'active' and pid <> pg_backend_pid()`,
  )

/** Has its caller leave while the statement runs. */
async function leave(connection: PostgresConnection, seconds: number): Promise<void> {
  const ends = new Ending()
  const error = failed(connection.run(sql.raw(`select pg_sleep(${seconds})`), ends))
  await expect.poll(() => running(`pg_sleep(${seconds})`), { interval: 5 }).toHaveLength(1)
  ends.abort('left')
  expect(await error).toBe('left')
}

test('who leaves has the statement ended, and the session is the next one’s', async () => {
  const alone = connectPostgres({ uri: inject('databaseUrl'), poolSize: 1 })
  const pid = await pidOf(alone)
  for (let n = 0; n < 5; n++) {
    await leave(alone, 1_001)
    // A request to cancel that came late would end this one
    expect(await failed(alone.run(sql`select pg_sleep(0.05)`))).toBe('it succeeded')
  }
  expect(await pidOf(alone)).toBe(pid)
  await alone.pool.end()
})

test('who leaves as the answer comes harms nobody', async () => {
  const alone = connectPostgres({ uri: inject('databaseUrl'), poolSize: 1 })
  const pid = await pidOf(alone)
  for (let n = 0; n < 50; n++) {
    const ends = new Ending()
    const left = failed(alone.run(sql`select pg_sleep(0.002)`, ends))
    setTimeout(() => ends.abort('left'), n % 5)
    expect(['left', 'it succeeded']).toContain(await left)
    expect(await failed(alone.run(sql`select 1`))).toBe('it succeeded')
  }
  expect(await pidOf(alone)).toBe(pid)
  await alone.pool.end()
})

test('a server that does not hear of it loses the connection, which counts as taken until then', async () => {
  const alone = connectPostgres({ uri: through.href, poolSize: 1 })
  const pid = await pidOf(alone)
  const ends = new Ending()
  const error = failed(alone.run(sql`select pg_sleep(1002)`, ends))
  await expect.poll(() => running('pg_sleep(1002)')).toHaveLength(1)
  proxy.hang(true)
  ends.abort('left')
  expect(await error).toBe('left')
  const next = pidOf(alone)
  expect(alone.pool.waitingCount).toBe(1)
  expect(alone.pool.totalCount).toBe(1)
  await expect.poll(() => alone.pool.totalCount, { timeout: 10_000 }).toBe(1)
  await expect.poll(() => running('pg_sleep(1002)'), { timeout: 10_000 }).toEqual([])
  proxy.hang(false)
  expect(await next).not.toBe(pid)
  await alone.pool.end()
}, 30_000)

test('where a request to cancel comes to nothing, nobody waits behind the statement', async () => {
  const isCancel = (chunk: Buffer): boolean => chunk.length === 16 && chunk.readInt32BE(4) === 80_877_102
  const deaf = await tcpProxy(Number(new URL(inject('databaseUrl')).port), {
    request: (to, client) => (chunk) => void (isCancel(chunk) ? client.destroy() : to.write(chunk)),
  })
  const uri = new URL(through)
  uri.port = String(deaf.port)
  const alone = connectPostgres({ uri: uri.href, poolSize: 1 })
  const pid = await pidOf(alone)
  await leave(alone, 1_007)
  expect(await pidOf(alone)).not.toBe(pid)
  await alone.pool.end()
  await deaf.stop()
})

test('a turn is taken until the server has ended what its request has left', async () => {
  const narrow = connectPostgres({ uri: through.href, poolSize: 2, waitMs: 300 })
  await narrow.run(sql`select 1`)
  const [one, two] = [{}, {}].map((request) => new Ending(undefined, { request, type: 'Movie' }))
  const error = failed(narrow.run(sql`select pg_sleep(1003)`, one))
  await expect.poll(() => running('pg_sleep(1003)')).toHaveLength(1)
  proxy.hang(true)
  one!.abort('left')
  expect(await error).toBe('left')
  // Of two turns a type has one
  expect(failureOf(await failed(narrow.run(sql`select 1`, two)))).toBe('full')
  proxy.hang(false)
  await expect.poll(() => failed(narrow.run(sql`select 1`, two)), { timeout: 10_000 }).toBe('it succeeded')
  await narrow.pool.end()
}, 30_000)

test('who waits for a turn and leaves is not waited for, and nothing of it is sent', async () => {
  const narrow = connectPostgres({ uri: inject('databaseUrl'), poolSize: 2 })
  const [one, two] = [{}, {}].map((request) => new Ending(undefined, { request, type: 'Movie' }))
  const long = narrow.run(sql`select pg_sleep(0.5)`, one)
  const waiting = failed(narrow.run(sql`select pg_sleep(1004)`, two))
  two!.abort('left')
  expect(await waiting).toBe('left')
  await long
  expect(await running('pg_sleep(1004)')).toEqual([])
  await narrow.pool.end()
})

test('a pool whose connections are all taken says so, and not that nobody is there', async () => {
  const narrow = connectPostgres({ uri: inject('databaseUrl'), poolSize: 1, waitMs: 200 })
  const long = narrow.run(sql`select pg_sleep(1)`)
  expect(await failed(narrow.run(sql`select 1`))).toMatchObject({
    message: 'no connection to PostgreSQL was free within 200 ms',
  })
  await long
  await narrow.pool.end()
})
