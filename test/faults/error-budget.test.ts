import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readFlag } from '../../src/control/flag-store.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'

let api: TestGateway
beforeAll(async () => {
  api = await openGateway(71)
  await api.setStage('shadow')
  await api.moveReads(100)
})
afterAll(() => api.close())

const movies = (): Promise<string> => api.ask('{ movies(first: 3) { edges { node { title } } } }')
const postgres = (statement: string): Promise<unknown> => api.stores.postgres.connection.run(sql.raw(statement))
const told = (what: RegExp): string[] => api.logged.filter((line) => what.test(line))

test('a table that is gone from PostgreSQL takes its type’s reads back to MongoDB, and no client notices', async () => {
  const { flags, sweeper } = api.gateway.routing
  await expect.poll(() => sweeper.lagMs('Movie') < 1_000, { timeout: 20_000 }).toBe(true)
  const right = await movies()
  await postgres('alter table movies rename to movies_gone')
  await expect
    .poll(
      async () => {
        expect(await movies()).toBe(right)
        return flags.get('Movie').readPercent
      },
      { timeout: 60_000, interval: 20 },
    )
    .toBe(0)
  await postgres('alter table movies_gone rename to movies')
  expect(told(/^Movie: \d+ of \d+ reads that postgres was to answer failed within 600 s/)).toHaveLength(1)
  for (const { ledger } of [api.stores.mongo, api.stores.postgres])
    await expect
      .poll(async () => (await readFlag(ledger, 'Movie'))?.flag)
      .toMatchObject({ stage: 'shadow', readPercent: 0, returned: { readPercent: 100 } })
  expect(flags.get('Comment')).toMatchObject({ readPercent: 100, returned: null })
  const [entry] = await api.stores.mongo.ledger.tail('stage', 1, 'Movie')
  expect(entry!.value).toMatchObject({
    readPercent: 0,
    by: expect.any(String),
    why: expect.stringMatching(/of .* reads/),
  })
  await api.moveReads(100)
  expect(flags.get('Movie')).toMatchObject({ readPercent: 100, returned: null })
  expect(await movies()).toBe(right)
})
