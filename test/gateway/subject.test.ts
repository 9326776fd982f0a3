import { defineEntity, int, text } from 'crossfade'
import { createBuilder, entityType, record } from 'crossfade/pothos'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ledgersOf } from '../../src/control/flag-store.ts'
import { setStage } from '../../src/control/move.ts'
import type { CrossfadeConfig } from '../../src/gateway/config.ts'
import { bucket } from '../../src/routing/decide.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'
import { changeUnseen } from '../support/stores.ts'

const Hat = defineEntity('Hat', { mongo: 'hats', postgres: 'hats', id: int(), fields: { from: text() } })
const builder = createBuilder()
entityType(builder, Hat)
builder.queryType({ fields: (t) => ({ hat: record(t, Hat) }) })
const schema = builder.toSchema()

/** One of each half. */
const names = Array.from({ length: 40 }, (_, n) => `client ${n}`)
const early = names.find((name) => bucket('Hat', name) < 50)!
const late = names.find((name) => bucket('Hat', name) >= 50)!

async function opened(app: Partial<CrossfadeConfig>, logged: string[] = []): Promise<SmallGateway> {
  const config: CrossfadeConfig = { schema, entities: [Hat], migrations: {}, ...app }
  const log = (_: string, message: string): void => void logged.push(message)
  const api = await openAppGateway(config, new Map([[Hat, [{ _id: 1, from: 'mongo' }]]]), { log })
  await changeUnseen(api.stores, sql`update hats set "from" = 'postgres'`)
  return api
}

async function move(api: SmallGateway, readPercent: number): Promise<void> {
  const options = { ledgers: ledgersOf(api.stores), sweep: async () => 0, log: () => undefined }
  await setStage(options, { type: 'Hat', readPercent })
  await api.gateway.routing.flags.refresh()
}

async function answered(api: SmallGateway, headers: Readonly<Record<string, string>>): Promise<string> {
  const response = await fetch(api.gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: '{ hat(id: 1) { from } }' }),
  })
  return ((await response.json()) as { data: { hat: { from: string } } }).data.hat.from
}

describe('A share of reads', () => {
  let api: SmallGateway
  beforeAll(async () => {
    api = await opened({})
  })
  afterAll(() => api.close())

  test('moves nobody where the app does not say who asks, whatever headers a client sends', async () => {
    await move(api, 50)
    for (const name of [early, late]) {
      const headers = { 'x-client-id': name, authorization: name, 'x-crossfade-subject': name }
      for (let n = 0; n < 5; n++) expect(await answered(api, headers)).toBe('mongo')
    }
  })

  test('moves all where it is the whole', async () => {
    await move(api, 100)
    await expect.poll(() => answered(api, {}), { timeout: 20_000 }).toBe('postgres')
  })
})

test('A share of reads is of those whom the app’s own context knows', { timeout: 60_000 }, async () => {
  const api = await opened({
    context: (request) => ({ user: { name: request.headers.get('cookie') ?? '', tenant: 'any' } }),
    subject: (_, { user }) => user?.name ?? '',
  })
  await move(api, 50)
  await expect.poll(() => answered(api, { cookie: early }), { timeout: 20_000 }).toBe('postgres')
  expect(await answered(api, { cookie: late })).toBe('mongo')
  expect(await answered(api, { cookie: late, 'x-client-id': early })).toBe('mongo')
  expect(await answered(api, {})).toBe('mongo')
  await api.close()
})

test('An app that has shares and no subject is told so at its start', { timeout: 60_000 }, async () => {
  const logged: string[] = []
  const api = await opened({ flags: { provider: () => ({ metadata: { name: 'none' } }) as never } }, logged)
  expect(logged.join()).toContain('A share of reads below 100 percent moves nobody')
  await api.close()
})
