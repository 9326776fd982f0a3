import { sql } from 'kysely'
import { afterAll, expect, inject, test } from 'vitest'
import {
  commitNote,
  deploymentNote,
  mongoNotes,
  poolerNote,
  postgresNotes,
  roomNote,
} from '../../src/jobs/connections.ts'
import type { Capacity } from '../../src/stores/postgres/capacity.ts'
import { capacityOf } from '../../src/stores/postgres/capacity.ts'
import { connectPostgres } from '../../src/stores/postgres/connection.ts'
import { openStores } from '../support/stores.ts'

const stores = await openStores([])
afterAll(() => stores.close())

const capacity: Capacity = { pooling: 'none', connections: 97, limitedBy: 'max_connections', standbys: null }

test('gateways and their pools are summed up against what the server has room for', () => {
  expect(roomNote(3, 28, capacity)).toEqual({
    store: 'PostgreSQL',
    problem: false,
    text: '3 gateways need up to 84 connections (28 each); there is room for 97 (max_connections).',
  })
  expect(roomNote(4, 28, capacity)).toEqual({
    store: 'PostgreSQL',
    problem: true,
    text: '4 gateways need up to 112 connections (28 each); there is room for 97 (max_connections): raise it, or run fewer gateways.',
  })
})

test('what is reserved is taken off, and the tighter limit of role or database counts', async () => {
  const { connection } = stores.postgres
  const [server] = await connection.run<{ n: number }>(
    sql`select (select sum(setting::int) from pg_settings where name = 'max_connections')::int
             - (select sum(setting::int) from pg_settings where name in ('superuser_reserved_connections', 'reserved_connections'))::int as n`,
  )
  expect(await capacityOf(connection)).toMatchObject({
    pooling: 'none',
    connections: server!.n,
    limitedBy: 'max_connections, less what is reserved',
  })
  const role = `small_${process.pid}`
  await connection.run(sql.raw(`create role ${role} login password 'p' connection limit 7`))
  const uri = new URL(inject('databaseUrl'))
  uri.username = role
  uri.password = 'p'
  const small = connectPostgres({ uri: uri.href, poolSize: 1 })
  expect(await capacityOf(small)).toMatchObject({ connections: 7, limitedBy: 'the connection limit of the role' })
  await small.pool.end()
  await connection.run(sql.raw(`drop role ${role}`))
})

test('every gateway that was seen lately counts, and a first one that comes', async () => {
  const room = async (): Promise<string> =>
    (await postgresNotes(stores)).find(({ text }) => text.includes('room'))!.text
  expect(await room()).toMatch(/^1 gateway needs up to 47 connections \(47 each\)/)
  for (const ledger of [stores.mongo.ledger, stores.postgres.ledger]) {
    for (const id of ['a', 'b', 'gone']) await ledger.compareAndSet('instance', id, null, { acknowledged: {} })
  }
  await stores.postgres.connection.run(
    sql`update crossfade.ledger set at = at - interval '1 minute' where kind = 'instance' and key = 'gone'`,
  )
  expect(await room()).toMatch(/^2 gateways need up to 94 connections/)
})

test('what an acknowledged write is worth is told', async () => {
  expect(commitNote(capacity).text).toMatch(/^no synchronous_standby_names: .* may lack the last ones\.$/)
  expect(commitNote({ ...capacity, standbys: 'ANY 1 (a, b)' }).text).toContain(
    'synchronous_standby_names = ANY 1 (a, b)',
  )
  expect(deploymentNote({ kind: 'set', name: 'rs0', members: 3 }, 58).text).toBe(
    'the replica set rs0 of 3: writes are acknowledged once a majority has them on disk. A gateway opens up to 58 connections.',
  )
  expect(deploymentNote({ kind: 'standalone' }, 58).text).toMatch(/^one server by itself: /)
  const [mongo] = await mongoNotes(stores)
  expect(mongo?.text).toMatch(/^the replica set \w+ of 1: .* up to 82 connections\.$/)
})

test('a pooler is told, with what cannot be seen behind it', () => {
  expect(poolerNote(capacity, 28)).toBeNull()
  expect(poolerNote({ ...capacity, pooling: 'session' }, 28)?.text).toMatch(
    /^a pooler in session mode .* default_pool_size of 28 a gateway/,
  )
})
