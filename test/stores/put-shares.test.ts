import { defineEntity, int, text } from 'crossfade'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { flagJson, initialFlag } from '../../src/control/flag.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const counted = (name: string, place: string) =>
  defineEntity(name, { mongo: place, postgres: place, id: text(), fields: { count: int() } })
const Vote = counted('Vote', 'votes')
const Note = counted('Note', 'notes')

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Vote, Note])
  for (const { name } of [Vote, Note]) {
    const flag = { ...initialFlag(name), stage: 'shadow', epoch: 2 } as const
    await stores.postgres.ledger.compareAndSet('flag', name, null, flagJson(flag))
  }
})
afterAll(() => stores?.close())

const imageOf = (id: string) => ({
  id,
  version: { epoch: 2, counter: 1 },
  pending: true,
  record: { id, count: 1 },
  rest: null,
  issues: [],
})

test('puts to one table that wait for a lock leave those of others a connection', async () => {
  const { connection, replica } = stores.postgres
  const client = await connection.connect()
  await client.query('begin; lock table votes in share mode')
  const put = (n: number) => replica.bulkPut(Vote, [imageOf(`v${n}`)], 2)
  const waiting = Promise.allSettled(Array.from({ length: 20 }, (_, n) => put(n)))
  const locked = () => connection.run(sql`select from pg_locks where not granted and relation = 'votes'::regclass`)
  try {
    await expect.poll(async () => (await locked()).length, { interval: 20, timeout: 20_000 }).toBe(5)
    expect(await replica.bulkPut(Note, [imageOf('n')], 2)).toEqual([{ put: 'applied' }])
    expect(await locked()).toHaveLength(5)
  } finally {
    await client.query('rollback')
    client.release()
  }
  expect((await waiting).every(({ status }) => status === 'fulfilled')).toBe(true)
})
