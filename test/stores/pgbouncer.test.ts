import { sql } from 'kysely'
import { afterAll, afterEach, describe, expect, inject, test } from 'vitest'
import { connectPostgres, type PostgresConnection } from '../../src/stores/postgres/connection.ts'
import { failureOf } from '../../src/stores/postgres/errors.ts'
import { openGateway } from '../support/gateway.ts'
import { rounds } from '../support/long.ts'
import { type PgBouncer, pgbouncerVersion, startPgBouncer } from '../support/pgbouncer.ts'
import { runCommand } from '../support/run-command.ts'

const version = pgbouncerVersion()
if (version === null) console.log('pgbouncer is not on PATH: its tests are skipped')

const withPath = (uri: string, database: string): string => {
  const url = new URL(uri)
  url.pathname = `/${database}`
  return url.href
}

const bouncers: PgBouncer[] = []
const open: PostgresConnection[] = []
async function through(mode: 'session' | 'transaction' | 'statement'): Promise<PostgresConnection> {
  const bouncer = await startPgBouncer(inject('databaseUrl'), mode)
  bouncers.push(bouncer)
  const connection = connectPostgres({ uri: bouncer.uri })
  open.push(connection)
  return connection
}
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ pool }) => pool.end()))
  await Promise.all(bouncers.splice(0).map((bouncer) => bouncer.stop()))
})

describe.skipIf(version === null)('Behind PgBouncer', () => {
  test.each(['transaction', 'statement'] as const)('in %s mode every call is refused with what to do', async (mode) => {
    const connection = await through(mode)
    const calls = Array.from({ length: 40 }, (_, n) => connection.run(sql`select ${n}::int as n`))
    const outcomes = await Promise.allSettled(calls)
    for (const outcome of outcomes) {
      expect(outcome.status).toBe('rejected')
      const { reason } = outcome as PromiseRejectedResult
      expect(failureOf(reason)).toBe('unfit')
      expect(reason.message).toMatch(new RegExp(`^a pooler in ${mode} mode .*: set pool_mode = session`))
      expect(reason.message).not.toContain('\n')
    }
  })

  test('with room for one session only it does not show what it does, and is refused for the moment', async () => {
    const bouncer = await startPgBouncer(inject('databaseUrl'), 'session', 1)
    bouncers.push(bouncer)
    const connection = connectPostgres({ uri: bouncer.uri, poolSize: 1 })
    open.push(connection)
    const error = await connection.run(sql`select 1`).catch((reason: unknown) => reason)
    expect(failureOf(error)).toBe('busy')
    expect(String(error)).toContain('see default_pool_size')
  })

  test('a command behind one that is refused says so in one line', async () => {
    const bouncer = await startPgBouncer(inject('databaseUrl'), 'transaction')
    bouncers.push(bouncer)
    const env = { MONGODB_URI: withPath(inject('mongoUri'), 'none'), DATABASE_URL: bouncer.uri }
    const { code, stderr } = await runCommand(['migrate', 'status'], env)
    expect(stderr).toMatch(
      /^PostgreSQL at 127\.0\.0\.1:\d+ \(DATABASE_URL\): a pooler in transaction mode .* itself\.$/m,
    )
    expect(stderr).not.toMatch(/\n {4}at /)
    expect(code).toBe(1)
  })

  test('in session mode sessions are ours: settings, prepared statements, pipelines and locks', async () => {
    const connection = await through('session')
    const shown = sql`select current_setting('timezone') as zone, current_setting('statement_timeout') as time`
    const rows = await Promise.all(Array.from({ length: 50 }, () => connection.run(shown)))
    for (const [row] of rows) expect(row).toEqual({ zone: 'UTC', time: '10s' })
    const added = await connection.transaction(async (tx) => {
      const [, sum] = await Promise.all([
        tx.run(sql`select pg_advisory_xact_lock(7)`),
        tx.run<{ sum: number }>(sql`select ${1}::int + ${2}::int as sum`),
      ])
      return sum[0]?.sum
    })
    expect(added).toBe(3)
  })

  test('the statement of a caller that has left is ended, and the session goes on', async () => {
    const bouncer = await startPgBouncer(inject('databaseUrl'), 'session')
    bouncers.push(bouncer)
    const connection = connectPostgres({ uri: bouncer.uri, poolSize: 1 })
    open.push(connection)
    const pid = async () => (await connection.run(sql`select pg_backend_pid() as pid`))[0]
    const before = await pid()
    const ends = new AbortController()
    const answer = connection.run(sql`select pg_sleep(1005)`, ends.signal).catch((error: unknown) => error)
    setTimeout(() => ends.abort('left'), 50)
    expect(await answer).toBe('left')
    expect(await pid()).toEqual(before)
  })

  test('in session mode the gateway serves and mirrors as it does without', { timeout: 300_000 }, async () => {
    for (let round = 0; round < rounds(1, 10); round++) {
      const bouncer = await startPgBouncer(inject('databaseUrl'), 'session')
      bouncers.push(bouncer)
      const api = await openGateway(5 + round, { mongoUri: inject('mongoUri'), databaseUrl: bouncer.uri })
      await api.setStage('live')
      const { _id } = (await api.stores.mongo.connection.db.collection('movies').findOne({}))!
      const rate = 'mutation ($id: ID!) { rateMovie(id: $id, rating: 6) { movie { title } } }'
      const answers = await Promise.all(Array.from({ length: 100 }, () => api.ask(rate, { id: String(_id) })))
      expect(answers.filter((text) => text.includes('"errors"'))).toEqual([])
      await api.idle()
      const { mongo, postgres } = api.stores
      const [{ name }] = (await postgres.connection.run(sql`select current_database() as name`)) as [{ name: string }]
      const said = await runCommand(['doctor', '--json'], {
        MONGODB_URI: withPath(inject('mongoUri'), mongo.connection.db.databaseName),
        DATABASE_URL: withPath(bouncer.uri, name),
      })
      expect(said.stderr).toMatch(/^PostgreSQL: a pooler in session mode .* default_pool_size of 47 a gateway/m)
      expect(said.stderr).toMatch(/^PostgreSQL: \d+ gateways? needs? up to \d+ connections/m)
      expect(said.stderr).toMatch(/^MongoDB: the replica set /m)
      await api.close()
    }
  })
})

test('without a pooler the server is told as such', async () => {
  const direct = connectPostgres({ uri: inject('databaseUrl') })
  expect(await direct.pooling()).toBe('none')
  await direct.pool.end()
})
afterAll(() => expect(open).toEqual([]))
