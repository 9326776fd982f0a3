import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { moveOptions } from '../../src/cli/sweep-now.ts'
import { readCopies } from '../../src/control/flag-store.ts'
import { setStage } from '../../src/control/move.ts'
import type { Stage } from '../../src/stage/stage.ts'
import type { Origin } from '../../src/util/origin.ts'
import { rounds } from '../support/long.ts'
import { openProxiedGateway, type ProxiedGateway } from '../support/proxied-gateway.ts'
import type { TcpProxy } from '../support/tcp-proxy.ts'
import { counted, expectTold, startWriting } from '../support/writing-clients.ts'

const timeout = 300_000
let opened: ProxiedGateway
let api: ProxiedGateway['api']

beforeAll(async () => {
  opened = await openProxiedGateway(63)
  ;({ api } = opened)
  await api.setStage('shadow')
}, timeout)
afterAll(async () => {
  await opened?.close()
})

const troubles: Readonly<Record<string, { begin(proxy: TcpProxy): void; end(proxy: TcpProxy): void }>> = {
  hangs: { begin: (proxy) => proxy.hang(true), end: (proxy) => proxy.hang(false) },
  'has no server': { begin: (proxy) => proxy.close(true), end: (proxy) => proxy.close(false) },
  'is slow by 400 ms': { begin: (proxy) => proxy.delay(400), end: (proxy) => proxy.delay(0) },
  'leaves connections half-open': { begin: (proxy) => proxy.strand(), end: () => undefined },
}

/** Moves comments while clients write them; the trouble begins once their writes are held. */
async function moved(stage: Stage, begin: () => void): Promise<{ readonly logged: string[]; readonly error: unknown }> {
  const logged: string[] = []
  const { entities } = api.gateway.routing
  const options = moveOptions({ entities, stores: api.stores, log: (line) => void logged.push(line) })
  let began = false
  const sweep: typeof options.sweep = (type, origin) => {
    if (!began) begin()
    began = true
    return options.sweep(type, origin)
  }
  const error = await setStage({ ...options, sweep }, { type: 'Comment', stage }).then(
    () => null,
    (reason: unknown) => reason,
  )
  return { logged, error }
}

const cases = (['mongo', 'postgres'] as const satisfies readonly Origin[]).flatMap((store) =>
  Object.keys(troubles).map((trouble) => [store, trouble] as const),
)
const seconds = rounds(3, 12)

test.each(cases)(
  'writes of a type are held for a move, and %s %s: the move ends or is taken back, and what clients were told is so [mover-killed]',
  { timeout },
  async (store, trouble) => {
    const proxy = opened.proxies[store]
    const { flags } = api.gateway.routing
    for (let round = 0; round < rounds(1, 2); round++) {
      const was = flags.get('Comment').stage
      const to = was === 'live' ? 'shadow' : 'live'
      const clients = startWriting(api, opened.movieId)
      await sleep(500)
      const ended = Promise.withResolvers<void>()
      const { logged, error } = await moved(to, () => {
        troubles[trouble]!.begin(proxy)
        void sleep(seconds * 1_000).then(() => {
          troubles[trouble]!.end(proxy)
          ended.resolve()
        })
      })
      await ended.promise
      await expect.poll(() => flags.isDown('mongo') || flags.isDown('postgres'), { timeout: 30_000 }).toBe(false)
      await sleep(1_000)
      const told = await clients.end()
      const { flag } = await readCopies(
        { mongo: api.stores.mongo.ledger, postgres: api.stores.postgres.ledger },
        'Comment',
      )
      console.log(
        `${was} → ${to}, ${store} ${trouble}: ${flag?.stage} ${flag?.state}`,
        counted(told),
        String(error),
        logged,
      )
      expect(flag).toMatchObject({ stage: error === null ? to : was, state: 'steady' })
      await flags.refresh()
      await expectTold(api, told)
    }
  },
)
