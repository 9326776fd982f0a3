import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, test } from 'vitest'
import { setStage } from '../../src/control/move.ts'
import { moveOptions } from '../../src/jobs/move-options.ts'
import { isLong } from '../support/long.ts'
import { openProxiedGateway, type ProxiedGateway } from '../support/proxied-gateway.ts'
import { counted, expectTold, untilWritten, whileWriting } from '../support/writing-clients.ts'

const timeout = 120_000
let opened: ProxiedGateway
let api: ProxiedGateway['api']

// Comments have their authority in PostgreSQL, the movies that count them in MongoDB
beforeAll(async () => {
  if (!isLong) return
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

test.runIf(isLong).each(['mongo', 'postgres'] as const)(
  'a mutation writes types of both stores, and %s hangs: what a client is told of the whole is so',
  { timeout },
  async (store) => {
    const { told } = await whileWriting(api, opened.movieId, async () => {
      await sleep(1_000)
      opened.proxies[store].hang(true)
      await sleep(8_000)
      opened.proxies[store].hang(false)
      await untilWritten(api, opened.movieId)
    })
    console.log(`${store} hangs:`, counted(told))
    await expectTold(api, told)
  },
)
