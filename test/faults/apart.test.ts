import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { moveOptions } from '../../src/cli/sweep-now.ts'
import { setStage } from '../../src/control/move.ts'
import { openProxiedGateway, type ProxiedGateway } from '../support/proxied-gateway.ts'
import { counted, expectTold, whileWriting } from '../support/writing-clients.ts'

const timeout = 120_000
let opened: ProxiedGateway
let api: ProxiedGateway['api']

// Comments have their authority in PostgreSQL, the movies that count them in MongoDB
beforeAll(async () => {
  opened = await openProxiedGateway(64)
  ;({ api } = opened)
  await api.setStage('shadow')
  const options = moveOptions({ entities: api.gateway.routing.entities, stores: api.stores, log: () => undefined })
  await setStage(options, { type: 'Comment', stage: 'live' })
  await api.gateway.routing.flags.refresh()
}, timeout)
afterAll(async () => {
  await opened?.close()
})

test.each(['mongo', 'postgres'] as const)(
  'a mutation writes types of both stores, and %s hangs: what a client is told of the whole is so',
  { timeout },
  async (store) => {
    const { flags } = api.gateway.routing
    const { told } = await whileWriting(api, opened.movieId, async () => {
      await sleep(1_000)
      opened.proxies[store].hang(true)
      await sleep(8_000)
      opened.proxies[store].hang(false)
      await expect.poll(() => flags.isDown(store), { timeout: 30_000 }).toBe(false)
      await sleep(1_000)
    })
    console.log(`${store} hangs:`, counted(told))
    expect([...told.values()].at(-1)).toBe('ok')
    await expectTold(api, told)
  },
)
