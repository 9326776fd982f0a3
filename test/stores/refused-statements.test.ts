import { sql } from 'kysely'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { connectPostgres, type PostgresConnection } from '../../src/stores/postgres/connection.ts'

let alone: PostgresConnection
beforeAll(() => {
  alone = connectPostgres({ uri: inject('databaseUrl'), poolSize: 1, statementTimeoutMs: 200 })
})
afterAll(() => alone.pool.end())

const pid = async (): Promise<unknown> => (await alone.run(sql`select pg_backend_pid() as pid`))[0]!['pid']

test.each([
  ['22012', sql`select 1 / 0`],
  ['42P01', sql`select from no_such_table`],
  ['57014', sql`select pg_sleep(60)`],
] as const)('a statement that the server refuses with %s costs nobody the connection', async (code, statement) => {
  const before = await pid()
  await expect(alone.run(statement)).rejects.toMatchObject({ code })
  expect(await pid()).toBe(before)
})

test('a session that the server ends is not used again', async () => {
  const before = await pid()
  const statement = alone.run(sql`select pg_terminate_backend(pg_backend_pid())`)
  await expect(statement).rejects.toMatchObject({ code: '57P01' })
  expect(await pid()).not.toBe(before)
})
