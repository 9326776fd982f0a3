import { sql } from 'kysely'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { connectPostgres, type PostgresConnection } from '../../src/stores/postgres/connection.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { withoutAge } from '../support/without-age.ts'

/** A role of its own, which can be locked out while the operator goes on. */
const role = `app_${process.pid}`
let operator: PostgresConnection
let api: TestGateway
let id: string

const order = (statement: string) => operator.run(sql.raw(statement))
const endSessions = () =>
  operator.run(sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${role}`)

beforeAll(async () => {
  operator = connectPostgres({ uri: inject('databaseUrl') })
  await order(`create role ${role} login createdb password 'right'`)
  const uri = new URL(inject('databaseUrl'))
  uri.username = role
  uri.password = 'right'
  api = await openGateway(33, { mongoUri: inject('mongoUri'), databaseUrl: uri.href })
  await api.setStage('live')
  id = String((await api.stores.mongo.connection.db.collection('movies').findOne({}))!._id)
})
afterAll(async () => {
  await api.close()
  await order(`drop role ${role}`)
  await operator.pool.end()
})

const read = 'query ($id: ID!) { movie(id: $id) { title commentCount } }'
const rate = 'mutation ($id: ID!) { rateMovie(id: $id, rating: 6) { movie { id } } }'
/** The store that has no authority may answer, and says so where it may be behind. */
const asked = async (): Promise<string> => withoutAge(await api.ask(read, { id }))
const allowed = ['UNAVAILABLE', 'TRY_AGAIN', 'UNKNOWN_OUTCOME']

async function codeOf(query: string): Promise<string> {
  const { errors } = JSON.parse(await api.ask(query, { id })) as { errors?: { extensions: { code: string } }[] }
  return errors?.[0]?.extensions.code ?? 'none'
}

const troubles: readonly (readonly [string, string, string])[] = [
  ['is at its connection limit', `alter role ${role} connection limit 0`, `alter role ${role} connection limit -1`],
  ['has another password', `alter role ${role} password 'wrong'`, `alter role ${role} password 'right'`],
  ['may not log in', `alter role ${role} nologin`, `alter role ${role} login`],
]

test.each(troubles)(
  'while the role %s, MongoDB answers reads and writes are told as such',
  { timeout: 120_000 },
  async (_, begin, end) => {
    const before = await asked()
    expect(before).not.toContain('"errors"')
    await order(begin)
    await endSessions()
    // One write: once it is known that the store is away, each waits for it as long as a request may take
    const told = codeOf(rate)
    for (let n = 0; n < 5; n++) expect(await asked()).toBe(before)
    expect(allowed).toContain(await told)
    await order(end)
    expect(await codeOf(rate)).toBe('none')
    await api.idle()
  },
)

test('a right that is taken away lets MongoDB answer, and is no fault of the gateway', async () => {
  const { connection } = api.stores.postgres
  const before = await asked()
  await connection.run(sql.raw(`revoke select on movies from ${role}`)) // an owner may do so to itself
  expect(await asked()).toBe(before)
  expect(await codeOf(rate)).toBe('UNAVAILABLE')
  await connection.run(sql.raw(`grant select on movies to ${role}`))
  expect(await codeOf(rate)).toBe('none')
})

test('a table that is gone lets MongoDB answer, and is no fault of the gateway', async () => {
  const { connection } = api.stores.postgres
  const before = await asked()
  await connection.run(sql.raw('alter table movies rename to films'))
  expect(await asked()).toBe(before)
  expect(await codeOf(rate)).toBe('UNAVAILABLE')
  await connection.run(sql.raw('alter table films rename to movies'))
  expect(await codeOf(rate)).toBe('none')
})

test('a row that stays locked costs its writer a bounded time, and no reader', async () => {
  const before = await asked()
  await api.stores.postgres.connection.transaction(async (tx) => {
    await tx.run(sql`select from movies where id = ${id} for update`)
    const waiting = codeOf(rate)
    expect(await asked()).toBe(before)
    expect(await waiting).toBe('TRY_AGAIN')
  })
  expect(await codeOf(rate)).toBe('none')
})

// A look at the store may fall into each round: its writes then wait until it has answered some
test('sessions that an operator ends fail no read, and a write at most for a moment', {
  timeout: 240_000,
}, async () => {
  const before = await asked()
  const codes: string[] = []
  for (let round = 0; round < 10; round++) {
    const reads = Promise.all([1, 2, 3, 4].map(() => asked()))
    const writes = Promise.all([codeOf(rate), codeOf(rate)])
    await endSessions()
    for (const answer of await reads) expect(JSON.parse(answer)).toEqual(JSON.parse(before))
    codes.push(...(await writes))
  }
  for (const code of codes) expect([...allowed, 'none']).toContain(code)
  expect(await codeOf(rate)).toBe('none')
})
