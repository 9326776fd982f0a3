import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { connectPostgres, type PostgresConnection } from '../../src/stores/postgres/connection.ts'
import { prepare, slot } from '../../src/stores/postgres/prepared.ts'

let connection: PostgresConnection
beforeAll(() => {
  connection = connectPostgres({ uri: inject('databaseUrl'), poolSize: 1 })
})
afterAll(() => connection?.pool.end())

/** A statement whose text nothing else has. */
const shape = (name: string) => sql`select ${1}::int as ${sql.id(name)}`

interface Session {
  readonly pid: number
  readonly prepared: number
}
async function session(): Promise<Session> {
  const asked = sql<Session>`select pg_backend_pid() as pid, count(*)::int as prepared from pg_prepared_statements
    where name like 'cf\\_%' and statement like '%as "made\\_up%'`
  const [found] = await connection.run<Session>(asked)
  return found!
}

describe('statements that a connection keeps prepared', () => {
  test('are those that came again, and not what came once', async () => {
    for (let n = 0; n < 50; n++) await connection.run(shape(`made_up_once_${n}`))
    expect((await session()).prepared).toBe(0)
    for (let times = 0; times < 3; times++) await connection.run(shape('made_up_twice'))
    expect((await session()).prepared).toBe(1)
  })

  test('are those that are kept, from the first time', async () => {
    const kept = prepare(sql`select ${slot}::int as "made_up_kept"`)
    const { prepared } = await session()
    expect(await connection.runPrepared(kept, [7])).toEqual([{ made_up_kept: 7 }])
    expect((await session()).prepared).toBe(prepared + 1)
  })

  test('are as many as a connection has room for, however many a client makes up, and none is taken for another', async () => {
    const pids = new Set<number>()
    let most = 0
    for (let n = 0; n < 1_300; n++) {
      for (let times = 0; times < 2; times++)
        expect(await connection.run(shape(`made_up_${n}`))).toEqual([{ [`made_up_${n}`]: 1 }])
      if (n % 50 !== 0) continue
      const { pid, prepared } = await session()
      pids.add(pid)
      most = Math.max(most, prepared)
    }
    expect(most).toBeGreaterThan(300)
    expect(most).toBeLessThanOrEqual(500)
    expect(pids.size).toBe(3)
  })

  test('come to a new text, whatever was made up before', async () => {
    const { prepared } = await session()
    for (let times = 0; times < 2; times++) await connection.run(shape('made_up_late'))
    expect((await session()).prepared).toBe(prepared + 1)
  })

  test('are prepared again on the connection that follows', async () => {
    const kept = prepare(sql`select ${slot}::int as "made_up_before"`)
    await connection.runPrepared(kept, [1])
    const { pid } = await session()
    for (let n = 0; (await session()).pid === pid; n++)
      for (let times = 0; times < 2; times++) await connection.run(shape(`made_up_more_${n}`))
    expect(await connection.runPrepared(kept, [2])).toEqual([{ made_up_before: 2 }])
  })

  test('are left as they are in a transaction, which keeps its connection to the end', async () => {
    await connection.transaction(async (tx) => {
      const pid = async () => (await tx.run<{ pid: number }>(sql`select pg_backend_pid() as pid`))[0]!.pid
      const begun = await pid()
      for (let n = 0; n < 520; n++) for (let times = 0; times < 2; times++) await tx.run(shape(`made_up_within_${n}`))
      expect(await pid()).toBe(begun)
    })
  })
})

test('a read whose table has changed under its plan is asked again, and answered', async () => {
  const many = connectPostgres({ uri: inject('databaseUrl'), poolSize: 3 })
  const table = `crossfade_plan_${process.pid}`
  try {
    await many.run(sql`create table ${sql.id(table)} as select 1::int as n`)
    const kept = prepare(sql`select * from ${sql.id(table)} where n >= ${slot}::int`)
    const ask = () => many.runPrepared(kept, [0])
    await Promise.all([ask(), ask(), ask()])
    await many.run(sql`alter table ${sql.id(table)} alter n type bigint`)
    expect(await ask()).toEqual([{ n: '1' }]) // by one connection, where two more are as old
    expect(await Promise.all([ask(), ask(), ask(), ask()])).toEqual([
      [{ n: '1' }],
      [{ n: '1' }],
      [{ n: '1' }],
      [{ n: '1' }],
    ])
  } finally {
    await many.run(sql`drop table if exists ${sql.id(table)}`)
    await many.pool.end()
  }
})
