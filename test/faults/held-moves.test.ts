import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCopies } from '../../src/control/flag-store.ts'
import { setStage } from '../../src/control/move.ts'
import { moveOptions } from '../../src/jobs/move-options.ts'
import type { Stage } from '../../src/stage/stage.ts'
import type { Origin } from '../../src/util/origin.ts'
import { isLong } from '../support/long.ts'
import { openProxiedGateway, type ProxiedGateway } from '../support/proxied-gateway.ts'
import type { TcpProxy } from '../support/tcp-proxy.ts'
import { counted, expectTold, untilWritten, whileWriting } from '../support/writing-clients.ts'

const timeout = 300_000
let opened: ProxiedGateway
let api: ProxiedGateway['api']

beforeAll(async () => {
  if (!isLong) return
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

interface Moved {
  /** False where the move was refused before anything was held: who follows the changes of others may be slow. */
  readonly wasHeld: boolean
  readonly logged: string[]
  readonly error: unknown
}

/** Moves comments while clients write them, with a trouble that begins once their writes are held, to the end of both. */
async function moved(stage: Stage, inTrouble: () => Promise<void>): Promise<Moved> {
  const logged: string[] = []
  const { entities } = api.gateway.routing
  const options = moveOptions({ entities, stores: api.stores, log: (line) => void logged.push(line) })
  let trouble: Promise<void> | undefined
  const sweep: typeof options.sweep = (type, origin) => {
    trouble ??= inTrouble()
    return options.sweep(type, origin)
  }
  const error = await setStage({ ...options, sweep }, { type: 'Comment', stage }).then(
    () => null,
    (reason: unknown) => reason,
  )
  await trouble
  return { wasHeld: trouble !== undefined, logged, error }
}

async function heldOnce(stage: Stage, inTrouble: () => Promise<void>): Promise<Moved> {
  for (let tries = 1; ; tries++) {
    const result = await moved(stage, inTrouble)
    if (result.wasHeld || tries === 3) return result
    console.log(`not held: ${String(result.error)}`)
  }
}

const cases = (['mongo', 'postgres'] as const satisfies readonly Origin[]).flatMap((store) =>
  Object.keys(troubles).map((trouble) => [store, trouble] as const),
)
const seconds = 3

test.runIf(isLong).each(cases)(
  'writes of a type are held for a move, and %s %s: the move ends or is taken back, and what clients were told is so [mover-killed]',
  { timeout },
  async (store, trouble) => {
    const proxy = opened.proxies[store]
    const { flags } = api.gateway.routing
    for (let round = 0; round < 2; round++) {
      const was = flags.get('Comment').stage
      const to = was === 'live' ? 'shadow' : 'live'
      const { result, told } = await whileWriting(api, opened.movieId, async () => {
        await sleep(500)
        const ended = await heldOnce(to, async () => {
          troubles[trouble]!.begin(proxy)
          await sleep(seconds * 1_000)
          troubles[trouble]!.end(proxy)
        })
        await untilWritten(api, opened.movieId)
        return ended
      })
      const { wasHeld, logged, error } = result
      expect(wasHeld).toBe(true)
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
