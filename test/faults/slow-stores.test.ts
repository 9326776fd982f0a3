import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openProxiedGateway, type ProxiedGateway } from '../support/proxied-gateway.ts'

const timeout = 120_000
/** Far from the delay, so that a busy machine does not decide. */
const probeMs = 3_000
const delayMs = 400

let opened: ProxiedGateway
let proxies: ProxiedGateway['proxies']
let api: ProxiedGateway['api']
let movieId: string

beforeAll(async () => {
  opened = await openProxiedGateway(63, probeMs)
  ;({ api, proxies, movieId } = opened)
  await api.setStage('live')
}, timeout)
afterAll(async () => {
  await opened?.close()
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
