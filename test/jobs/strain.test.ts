import { setTimeout as sleep } from 'node:timers/promises'
import { defineEntity, int } from 'crossfade'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ledgersOf } from '../../src/control/flag-store.ts'
import { instanceKind } from '../../src/control/instances.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import type { Entity } from '../../src/entity/entity.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { copyProgress } from '../../src/jobs/copy-progress.ts'
import { profile } from '../../src/jobs/profile.ts'
import { boundsOf, type Care, strainOf, type Vitals } from '../../src/jobs/strain.ts'
import { StrainWatch } from '../../src/jobs/strain-watch.ts'
import { verify } from '../../src/jobs/verify.ts'
import { deadLetterKind } from '../../src/mirror/dead-letters.ts'
import { ownAnswer } from '../../src/resolve/own-answer.ts'
import { overwrite } from '../../src/stores/ledger.ts'
import type { Origin } from '../../src/util/origin.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Page = defineEntity('Page', { mongo: 'pages', postgres: 'pages', id: int(), fields: { views: int() } })
const size = 30

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Page])
  const documents = Array.from({ length: size }, (_, n) => ({ _id: n, views: n }))
  await stores.mongo.connection.db.collection<{ _id: number }>('pages').insertMany(documents)
})
afterAll(() => stores?.close())

const calm: Vitals = { latency: { mongo: 4, postgres: 2 }, owed: 0, lag: { mongo: null, postgres: 0 } }
const kindOf = (vitals: Partial<Vitals>, care: Care) =>
  strainOf({ ...calm, ...vitals }, { mongo: 4, postgres: 2 }, boundsOf[care])?.kind ?? null

describe('A copy goes slowly', () => {
  test.each<[string, Partial<Vitals>, usual: string | null, nice: string | null]>([
    ['where nothing is odd: not at all', {}, null, null],
    [
      'where a store takes a second more',
      { latency: { mongo: 4, postgres: 1_001 } },
      'latency postgres',
      'latency postgres',
    ],
    ['where it takes a tenth of a second more', { latency: { mongo: 100, postgres: 2 } }, null, 'latency mongo'],
    ['where it takes many times as long, which is little', { latency: { mongo: 40, postgres: 40 } }, null, null],
    ['where replicas are behind', { lag: { mongo: 30_001, postgres: null } }, 'lag mongo', 'lag mongo'],
    ['where they are so by some seconds', { lag: { mongo: null, postgres: 5_000 } }, null, 'lag postgres'],
    ['where a client’s write is not mirrored', { owed: 30_001 }, 'owed', 'owed'],
    ['where it is not since some seconds', { owed: 4_000 }, null, 'owed'],
  ])('%s', (_, vitals, usual, nice) => {
    expect([kindOf(vitals, 'usual'), kindOf(vitals, 'nice')]).toEqual([usual, nice])
  })

  test('where a store was slow from the beginning, by what that is', () => {
    const slow = { ...calm, latency: { mongo: 900, postgres: 2 } }
    expect(strainOf(slow, { mongo: 300, postgres: 2 }, boundsOf.usual)).toBeNull()
    expect(
      strainOf({ ...slow, latency: { mongo: 3_001, postgres: 2 } }, { mongo: 300, postgres: 2 }, boundsOf.usual),
    ).toEqual({
      kind: 'latency mongo',
      text: 'mongo takes 3001 ms for what took 300 ms before',
    })
  })

  test('and says why, once, and when it is over', async () => {
    const { postgres } = stores
    const lag = postgres.replicationLag
    let seen = 0
    const lines: string[] = []
    const counts: number[] = []
    Object.assign(postgres, { replicationLag: async () => (++seen <= 3 ? 60_000 : 0) })
    await backfill({
      stores,
      entity: Page,
      batch: 2,
      rate: 6, // so that it takes some seconds in any case
      log: (line) => {
        lines.push(line)
        counts.push(progress)
      },
      onProgress: ({ seen }) => {
        progress = seen
      },
    }).finally(() => Object.assign(postgres, { replicationLag: lag }))
    const slowly = 'Page: it goes slowly, since replicas of postgres are 60000 ms behind'
    expect(lines.filter((line) => line === slowly)).toHaveLength(1)
    expect(lines.at(-1)).toBe('Page: it goes on as before')
    // What was under way, and a lot, where its rate lets eighteen documents pass
    const first = lines.indexOf(slowly) // on a busy machine stores may be slow as well
    expect(counts[first + 1]! - counts[first]!).toBeLessThanOrEqual(10)
    expect(progress).toBe(size)
  })
  let progress = 0

  /** Replicas of a store are behind until the job has said so. */
  async function strained<T>(
    work: (log: (line: string) => void) => Promise<T>,
    { seen, of = 'postgres' }: { readonly seen?: () => Promise<void>; readonly of?: Origin } = {},
  ): Promise<T> {
    const store = stores[of]
    const lag = store.replicationLag
    const told = Promise.withResolvers<void>()
    let isBehind = true
    Object.assign(store, { replicationLag: async () => (isBehind ? 60_000 : 0) })
    const working = work((line) => {
      if (line === `Page: it goes slowly, since replicas of ${of} are 60000 ms behind`) told.resolve()
    })
    try {
      await Promise.race([told.promise, working.then(() => expect.unreachable('it has ended before'))])
      await seen?.()
      isBehind = false
      return await working
    } finally {
      Object.assign(store, { replicationLag: lag })
    }
  }

  test('and tells all who look at its progress', async () => {
    const { ledger } = stores.postgres
    const slow = async () => (await copyProgress(ledger, Page))?.slow
    await strained((log) => backfill({ stores, entity: Page, batch: 2, rate: 6, log }), {
      seen: () => expect.poll(slow, { timeout: 20_000 }).toEqual(['replicas of postgres are 60000 ms behind']),
    })
    expect(await slow()).toEqual([])
  })

  test('and so does a verification', async () => {
    const ledgers = ledgersOf(stores)
    await prepareFlags(ledgers, ['Page'])
    const move = { ledgers, sweep: async () => 0, log: () => undefined }
    await setStage(move, { type: 'Page', stage: 'dualwrite', noOtherWriters: true })
    const found = await strained((log) => verify({ stores, entity: Page, batch: 2, rate: 6, log }))
    expect(found).toMatchObject({ compared: size, different: { missing: 0, extra: 0, content: 0 } })
  })

  test('and so does a profile, which reads MongoDB alone', async () => {
    const read = { mongo: stores.mongo, entity: Page, entities: [Page], answer: ownAnswer, sample: null, rate: 6 }
    const lines: string[] = []
    const told = (log: (line: string) => void) => (line: string) => {
      lines.push(line)
      log(line)
    }
    const found = await strained((log) => profile({ ...read, log: told(log) }), { of: 'mongo' })
    expect(found).toMatchObject({ documents: size })
    expect(lines).toEqual([
      'Page: it goes slowly, since replicas of mongo are 60000 ms behind',
      'Page: it goes on as before',
    ])
  })

  test('and not for what the mirror refuses, which waits for people, nor where no gateway sweeps', async () => {
    const { authority, connection, ledger } = stores.mongo
    await authority.owe(Page, [7])
    const hourAgo = new Date(Date.now() - 3_600_000)
    await connection.db.collection<{ _id: number }>('pages').updateOne({ _id: 7 }, { $set: { '_cf.pending': hourAgo } })
    const slowly = async (): Promise<string[]> => {
      const lines: string[] = []
      await verify({ stores, entity: Page, batch: 6, rate: 10, log: (line) => void lines.push(line) })
      return lines.filter((line) => line.includes("a client's write waits for the mirror since 36"))
    }
    expect(await slowly()).toEqual([])
    const live = { acknowledged: {}, owed: {}, mappings: {}, alerts: [] }
    await overwrite(ledger, instanceKind, 'pod 7', live)
    expect(await slowly()).toHaveLength(1)
    await overwrite(ledger, instanceKind, 'pod 7', live)
    const letter = { reason: 'it is too large', by: [], version: '1.1', tries: 9, next: 0 }
    await overwrite(ledger, deadLetterKind, 'Page/7', letter)
    expect(await slowly()).toEqual([])
    await ledger.remove(deadLetterKind, 'Page/7')
    await ledger.remove(instanceKind, 'pod 7')
  }, 60_000)

  test('and does not strain a store by asking what it owes: an answer is believed for ten times what it took', async () => {
    const { outbox } = stores.mongo
    const { backlog } = outbox
    let [asked, takesMs] = [0, 2_000]
    const slowly = async (entity: Entity) => {
      asked++
      await sleep(takesMs)
      return backlog(entity)
    }
    Object.assign(outbox, { backlog: slowly })
    try {
      const watch = new StrainWatch({ stores, entity: Page }, 'mongo')
      for (let looks = 0; looks < 3; looks++) expect(await watch.look()).toBeNull()
      expect(asked).toBe(1)
      takesMs = 0
      const another = new StrainWatch({ stores, entity: Page }, 'mongo')
      await expect.poll(() => another.look().then(() => asked), { timeout: 20_000 }).toBeGreaterThan(3)
    } finally {
      Object.assign(outbox, { backlog })
    }
  })

  test('by what both servers tell of their replicas, where they have some', async () => {
    expect(await stores.postgres.replicationLag()).toBeNull()
    const lag = await stores.mongo.replicationLag()
    if (lag !== null) expect(lag).toBeGreaterThanOrEqual(0)
  })
})
