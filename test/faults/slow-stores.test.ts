import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts'

const timeout = 120_000
/** Far from the delay, so that a busy machine does not decide. */
const probeMs = 3_000
const delayMs = 400

let proxies: Readonly<Record<'mongo' | 'postgres', TcpProxy>>
let api: TestGateway
let movieId: string

beforeAll(async () => {
  const [mongoUri, databaseUrl] = [new URL(inject('mongoUri')), new URL(inject('databaseUrl'))]
  proxies = {
    mongo: await tcpProxy(Number(mongoUri.port)),
    postgres: await tcpProxy(Number(databaseUrl.port)),
  }
  mongoUri.port = String(proxies.mongo.port)
  databaseUrl.port = String(proxies.postgres.port)
  api = await openGateway(63, { mongoUri: mongoUri.href, databaseUrl: databaseUrl.href }, {}, probeMs)
  movieId = String((await api.stores.mongo.connection.db.collection('movies').findOne({}))!._id)
  await api.setStage('live')
}, timeout)
afterAll(async () => {
  await api?.close()
  await proxies?.mongo.stop()
  await proxies?.postgres.stop()
})
beforeEach(() => {
  for (const proxy of Object.values(proxies)) proxy.delay(0)
  api.logged.length = 0
})

const movie =
  'query ($id: ID!) { movie(id: $id) { title comments(first: 5) { edges { node { text author { name } } } } } }'
const addComment =
  'mutation ($id: ID!) { addComment(input: { movieId: $id, name: "N", email: "n@example.com", text: "t" }) { comment { text } } }'

const outcome = async (query: string): Promise<unknown> =>
  JSON.parse(await api.ask(query, { id: movieId })).errors ?? 'ok'

test.each(['postgres', 'mongo'] as const)(
  '%s takes 400 ms for each answer: it is slow, and not down',
  { timeout },
  async (name) => {
    proxies[name].delay(delayMs)
    await sleep(3_000) // the watch has looked several times
    expect([await outcome(movie), await outcome(addComment), await outcome(movie)]).toEqual(['ok', 'ok', 'ok'])
    expect(api.logged.filter((line) => /does not answer|are answered by/.test(line))).toEqual([])
  },
)

test('a store whose answers take longer than the probe is down until it is in time again', { timeout }, async () => {
  proxies.postgres.delay(probeMs + 1_000)
  const { flags, failOvers } = api.gateway.routing
  await expect.poll(() => flags.isDown('postgres'), { timeout: 60_000 }).toBe(true)
  expect(await outcome(movie)).toBe('ok')
  expect(failOvers.count.get('Movie')).toBeGreaterThan(0)
  proxies.postgres.delay(0)
  await expect.poll(() => flags.isDown('postgres'), { timeout: 60_000 }).toBe(false)
})
