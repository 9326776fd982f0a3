import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Flag } from '../../src/control/flag.ts'
import { type Ledgers, ledgersOf, readFlag } from '../../src/control/flag-store.ts'
import { highWaterKind, raiseHighWater } from '../../src/control/high-water.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { type Instance, openInstance } from '../../src/gateway/open-instance.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { noReads } from '../../src/routing/read-limits.ts'
import { origins } from '../../src/util/origin.ts'
import { Account, openAccounts, sweepOnce } from '../support/account.ts'
import type { TestStores } from '../support/stores.ts'

let stores: TestStores
let ledgers: Ledgers
beforeEach(async () => {
  stores = await openAccounts()
  ledgers = ledgersOf(stores)
})
afterEach(() => stores?.close())

/** The store as it was when it had counted so far. */
async function restore(origin: 'mongo' | 'postgres', count: number): Promise<void> {
  const { revision } = (await ledgers[origin].get(highWaterKind, origin))!
  await ledgers[origin].compareAndSet(highWaterKind, origin, revision, count)
}

describe.each(origins)('What %s has acknowledged [restored-store]', (origin) => {
  let less = 0
  const count = (to: Ledgers = ledgers, seen = async () => void less++) => raiseHighWater(to, origin, seen)
  const counted = async () => (await ledgers[origin].get(highWaterKind, origin))?.value
  beforeEach(async () => {
    less = 0
    for (let n = 0; n < 5; n++) await count()
    expect([less, await counted()]).toEqual([0, 5])
  })

  test('is seen to be less, once, where the store was restored', async () => {
    await restore(origin, 2)
    await count()
    expect([less, await counted()]).toEqual([1, 6])
    await count()
    expect([less, await counted()]).toEqual([1, 7])
  })

  test('is seen to be less where nothing of it is there any more', async () => {
    await ledgers[origin].remove(highWaterKind, origin)
    await count()
    expect([less, await counted()]).toEqual([1, 6])
  })

  test('is seen again by the next one where whoever saw it could not end', async () => {
    await restore(origin, 2)
    await expect(count(ledgers, () => Promise.reject(new Error('it stops')))).rejects.toThrow('it stops')
    await count()
    expect(less).toBe(1)
  })

  test('is not less for those who count at once', async () => {
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let n = 0; n < 5; n++) await count()
      }),
    )
    expect(less).toBe(0)
  })

  test('is not less for a server that was deposed, and answers reads', async () => {
    const old = await ledgers[origin].get(highWaterKind, origin)
    for (let n = 0; n < 3; n++) await count()
    const deposed = {
      ...ledgers[origin],
      get: async () => old,
      compareAndSet: () => Promise.reject(new Error('it is no primary')),
    }
    await expect(count({ ...ledgers, [origin]: deposed })).rejects.toThrow('it is no primary')
    expect(less).toBe(0)
  })
})

test('a store that was restored while no gateway ran is found out by the next one that starts', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-high-water-'))
  const logged: string[] = []
  const running = new Set<Instance>()
  onTestFinished(async () => {
    for (const instance of running) await instance.leave()
    rmSync(dataDir, { recursive: true, force: true })
  })
  const log = (_: string, line: string): void => void logged.push(line)
  const gateway = async () => {
    const instance = await openInstance({ entities: [Account], stores, dataDir, limits: noReads, log, probeMs: 30_000 })
    running.add(instance)
    return async () => {
      running.delete(instance)
      await instance.leave()
    }
  }
  const flag = async (): Promise<Flag> => (await readFlag(ledgers.mongo, 'Account'))!.flag
  await prepareFlags(ledgers, ['Account'])
  const options = { ledgers, sweep: () => sweepOnce(stores, 'mongo'), log: () => undefined }
  await setStage(options, { type: 'Account', stage: 'dualwrite' })
  await backfill({ stores, entity: Account })
  const stop = await gateway()
  await stop()
  const stopAgain = await gateway()
  await stopAgain()
  expect(await flag()).toMatchObject({ epoch: 2, fresh: 2 })
  expect(logged.filter((line) => line.includes('earlier state'))).toEqual([])
  await restore('mongo', 1)
  await gateway()
  await vi.waitFor(async () => expect(await flag()).toMatchObject({ epoch: 3, fresh: null }), 20_000)
  expect(logged.filter((line) => line.includes('earlier state'))).toEqual([
    'Account: mongo has gone on from an earlier state, and may have lost what it had acknowledged. Both stores are not taken for equal until then. Run `crossfade verify Account`, and `crossfade backfill Account` where it differs.',
  ])
})
