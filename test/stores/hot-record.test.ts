import { defineEntity, int, text } from 'crossfade'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { flagJson, initialFlag } from '../../src/control/flag.ts'
import { increment } from '../../src/query/operations.ts'
import { planPatch } from '../../src/query/patch.ts'
import { postgresAuthority } from '../../src/stores/postgres/authority.ts'
import { connectPostgres, type PostgresConnection } from '../../src/stores/postgres/connection.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Vote = defineEntity('Vote', { mongo: 'votes', postgres: 'votes', id: text(), fields: { count: int() } })

let stores: TestStores
let connection: PostgresConnection
let uri: string
beforeAll(async () => {
  stores = await openStores([Vote])
  await stores.postgres.ledger.compareAndSet(
    'flag',
    'Vote',
    null,
    flagJson({ ...initialFlag('Vote'), stage: 'live', epoch: 2 }),
  )
  uri = String(stores.postgres.connection.pool.options.connectionString)
  connection = connectPostgres({ uri, statementTimeoutMs: 1_000 }) // half of it for a lock, and for a turn
})
afterAll(async () => {
  await connection?.pool.end()
  await stores?.close()
})

test('who waits behind a record that is locked is refused in the time of the first, and nothing of it is written later', async () => {
  const authority = postgresAuthority(connection, connection)
  const stamp = { epoch: 2, owed: true }
  await authority.create(Vote, { id: 'a', count: 0 }, stamp)
  await authority.create(Vote, { id: 'b', count: 0 }, stamp)
  const more = planPatch(Vote, { count: increment(1) })
  const client = await stores.postgres.connection.connect()
  await client.query(`begin; select from votes where id = 'a' for update`)
  const waiting = Array.from({ length: 6 }, () => authority.patch(Vote, 'a', more, stamp))
  const outcomes = await Promise.allSettled(waiting)
  const codes = outcomes.map((each) => each.status === 'rejected' && each.reason.code)
  expect(codes).toEqual(Array(6).fill('TRY_AGAIN'))
  // The first, and at most one more, have waited for the lock
  const behind = outcomes.filter(
    (each) => each.status === 'rejected' && /is written by others/.test(each.reason.message),
  )
  expect(behind.length).toBeGreaterThanOrEqual(4)
  expect((await authority.patch(Vote, 'b', more, stamp))?.record).toEqual({ id: 'b', count: 1 })
  await client.query('commit')
  client.release()
  expect((await authority.patch(Vote, 'a', more, stamp))?.record).toEqual({ id: 'a', count: 1 })
  expect(await connection.run(sql`select count from votes where id = 'a'`)).toEqual([{ count: 1 }])
})

test('a transaction that finds no connection is to be tried again', async () => {
  const full = connectPostgres({ uri, poolSize: 1, waitMs: 100 })
  const client = await full.connect()
  const authority = postgresAuthority(full, connection)
  const begun = authority.together(
    (steps) => steps.create(Vote, { id: 'c', count: 0 }, { epoch: 2, owed: true }),
    () => undefined,
  )
  await expect(begun).rejects.toMatchObject({ code: 'TRY_AGAIN' })
  client.release()
  await full.pool.end()
})
