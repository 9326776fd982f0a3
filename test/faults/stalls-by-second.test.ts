import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Stage } from '../../src/stage/stage.ts'
import { rounds } from '../support/long.ts'
import { openProxiedGateway, type ProxiedGateway } from '../support/proxied-gateway.ts'
import type { TcpProxy } from '../support/tcp-proxy.ts'

/** Seconds before, while and after a store is in trouble. */
const seconds = { before: 1, during: rounds(2, 6), after: rounds(1, 4) }
const all = seconds.before + seconds.during + seconds.after
const timeout = 300_000

let opened: ProxiedGateway
let proxies: ProxiedGateway['proxies']
let api: ProxiedGateway['api']
let movieId: string
/** What is read gets no more children: the stand-in sorts them all for each page, until it does nothing else. */
let writtenId: string

beforeAll(async () => {
  opened = await openProxiedGateway(62)
  ;({ api, proxies, movieId } = opened)
  const movies = await api.stores.mongo.connection.db.collection('movies').find({}, { limit: 2 }).toArray()
  writtenId = movies.map(({ _id }) => String(_id)).find((id) => id !== movieId)!
}, timeout)
afterAll(async () => {
  await opened?.close()
})

const read = 'query ($id: ID!) { movie(id: $id) { title comments(first: 5) { edges { node { text } } } } }'
const write =
  'mutation ($id: ID!) { addComment(input: { movieId: $id, name: "N", email: "n@example.com", text: "t" }) { comment { id } } }'

/** What was asked within one second, by outcome, and how long the slowest answer took. */
interface Second {
  readonly outcomes: Map<string, number>
  slowest: number
}

/** Asks ten times a second, whether or not it was answered, and counts by the second of the question. */
async function clients(query: string, id: string): Promise<Second[]> {
  const told: Second[] = Array.from({ length: all }, () => ({ outcomes: new Map(), slowest: 0 }))
  const asked: Promise<void>[] = []
  const ask = async (second: Second): Promise<void> => {
    const began = performance.now()
    const { errors } = JSON.parse(await api.ask(query, { id })) as {
      readonly errors?: readonly { readonly extensions: { readonly code: string } }[]
    }
    const outcome = errors?.[0]?.extensions.code ?? 'ok'
    second.outcomes.set(outcome, (second.outcomes.get(outcome) ?? 0) + 1)
    second.slowest = Math.max(second.slowest, performance.now() - began)
  }
  for (let n = 0; n < all * 10; n++) {
    asked.push(ask(told[Math.floor(n / 10)]!))
    await sleep(100)
  }
  await Promise.all(asked)
  return told
}

const line = (told: readonly Second[]): string =>
  told
    .map(({ outcomes, slowest }) => {
      const counts = [...outcomes].map(([outcome, count]) => (outcome === 'ok' ? `${count}` : `${count} ${outcome}`))
      return `${counts.join(' + ')} (${Math.round(slowest)})`
    })
    .join(' | ')

const troubles: Readonly<Record<string, { begin(proxy: TcpProxy): void; end(proxy: TcpProxy): void }>> = {
  stopped: { begin: (proxy) => proxy.hang(true), end: (proxy) => proxy.hang(false) },
  gone: { begin: (proxy) => proxy.close(true), end: (proxy) => proxy.close(false) },
  'slow by 400 ms': { begin: (proxy) => proxy.delay(400), end: (proxy) => proxy.delay(0) },
  'half-open': { begin: (proxy) => proxy.strand(), end: () => undefined },
}

/**
 * What may be told of reads and writes: never an internal error.
 * Stand-in (SecantusDB): it takes the driver's retry of an insert that still runs for another one, and finds its id.
 */
const allowed = new Set(['ok', 'UNAVAILABLE', 'TRY_AGAIN', 'UNKNOWN_OUTCOME', 'CONFLICT'])
const stages = (['live', 'shadow', 'off'] as const satisfies readonly Stage[]).slice(0, rounds(1, 3))

test.each(stages)(
  'in %s each outcome is told right, second by second, and all is well afterwards',
  { timeout },
  async (stage) => {
    if (stage === 'live') await api.setStage('live')
    else if (stage === 'off') {
      await api.setStage('shadow')
      await api.setStage('off')
    } else await api.setStage(stage)
    for (const store of ['postgres', 'mongo'] as const) {
      for (const [trouble, { begin, end }] of Object.entries(troubles)) {
        const asked = Promise.all([clients(read, movieId), clients(write, writtenId)])
        await sleep(seconds.before * 1_000)
        begin(proxies[store])
        await sleep(seconds.during * 1_000)
        end(proxies[store])
        const [reads, writes] = await asked
        console.log(`${stage}, ${store} ${trouble}\n  reads:  ${line(reads)}\n  writes: ${line(writes)}`)
        for (const { outcomes } of [...reads, ...writes])
          for (const outcome of outcomes.keys()) expect(allowed).toContain(outcome)
        // Whoever no other store is needed for sees nothing of its trouble
        if (stage === 'off' && store === 'postgres')
          for (const { outcomes } of [...reads, ...writes]) expect([...outcomes.keys()]).toEqual(['ok'])
        const { flags } = api.gateway.routing
        await expect.poll(() => flags.isDown(store), { timeout: 30_000 }).toBe(false)
        await api.idle()
      }
    }
  },
)
