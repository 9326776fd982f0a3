import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { initialFlag } from '../../src/control/flag.ts'
import { raiseFlag } from '../../src/control/flag-store.ts'
import { buryCopies } from '../../src/jobs/bury-copies.ts'
import { conflictLog } from '../../src/mirror/conflicts.ts'
import { tombstoneOf } from '../../src/mirror/tombstone-of.ts'
import type { Authority, Image, Replica } from '../../src/stores/store.ts'
import { compareVersions } from '../../src/stores/version.ts'
import {
  Account,
  account,
  accountImage,
  both,
  directions,
  newId,
  openAccounts,
  owed,
  sweepOnce,
} from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { emptyStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openAccounts()
})
beforeEach(() => emptyStores(stores))
afterAll(() => stores.close())

describe.each(directions)(
  'A write that came late to $to, where a copy from $from removes strays [late-vs-copy]',
  (way) => {
    const { from, to } = way
    const now = { epoch: 2, owed: true }
    const sweepNow = () => sweepOnce(stores, from, 'test', now.epoch)

    /** Of the epoch before authority went from there. */
    const lateCreate = (): Promise<Image> => stores[to].authority.create(Account, account(newId(), { visits: 5 }), owed)

    /** Removes the copy; a sweep runs right before a call of one of the stores. */
    async function buryBeside(copy: Image, before: 'bury' | 'bulkPut'): Promise<number> {
      const { authority } = stores[from]
      const { replica } = stores[to]
      const bury: Authority['bury'] = async (...args) => {
        if (before === 'bury') await sweepNow()
        return authority.bury(...args)
      }
      const bulkPut: Replica['bulkPut'] = async (...args) => {
        if (before === 'bulkPut') await sweepNow()
        return replica.bulkPut(...args)
      }
      const beside = {
        ...stores,
        [from]: { ...stores[from], authority: { ...authority, bury } },
        [to]: { ...stores[to], replica: { ...replica, bulkPut } },
      }
      return (await buryCopies({ stores: beside, entity: Account }, from, anyEpoch, [copy])).length
    }

    async function isSettled(id: string): Promise<void> {
      await sweepNow()
      expect(await sweepNow()).toBe(0)
      for (const origin of [from, to]) expect(await stores[origin].outbox.backlog(Account)).toMatchObject({ count: 0 })
      const { authority, mirror } = await both(stores, from, id)
      expect(mirror).toEqual(authority)
    }

    test('stays in both, taken over before the copy has said that it is to go', async () => {
      const copy = await lateCreate()
      expect(await buryBeside(copy, 'bury')).toBe(0)
      await isSettled(copy.id as string)
      expect((await both(stores, from, copy.id as string)).authority).toMatchObject({ record: { visits: 5 } })
    })

    test('goes from both, and is kept in conflicts, taken over behind that', async () => {
      const copy = await lateCreate()
      await buryBeside(copy, 'bulkPut')
      await isSettled(copy.id as string)
      expect((await both(stores, from, copy.id as string)).authority).toMatchObject({ record: null })
      const kept = await stores[from].ledger.tail(conflictLog, 10)
      expect(kept[0]).toMatchObject({ key: `Account/${copy.id}`, value: { mirror: to, record: { visits: 5 } } })
    })

    test('is owed as a delete where the copy is killed before it has removed it', async () => {
      const copy = await lateCreate()
      expect(await stores[from].authority.bury(Account, [tombstoneOf(copy)], anyEpoch)).toBe(true)
      expect(await stores[from].outbox.owed(Account, 0, 10)).toEqual([copy.id])
      await isSettled(copy.id as string)
      expect((await both(stores, from, copy.id as string)).mirror).toMatchObject({ record: null })
    })
  },
)

describe.each(directions)('What $from is told to bury', ({ from }) => {
  const at = (id: string, counter: number): Image => ({ ...accountImage(id, counter), record: null })

  test('stays where it is there, above the tombstone', async () => {
    const id = newId()
    const { version } = await stores[from].authority.create(Account, account(id, { visits: 3 }), owed)
    await stores[from].authority.bury(Account, [at(id, version.counter + 10)], anyEpoch)
    const buried = await stores[from].outbox.buriedAt(Account, id)
    const { authority } = await both(stores, from, id)
    expect(authority).toMatchObject({ record: { visits: 3 } })
    expect(buried === null || compareVersions(buried, authority!.version) < 0).toBe(true)
    expect(await sweepOnce(stores, from)).toBe(0)
    expect((await both(stores, from, id)).mirror).toEqual(authority)
  })

  test('is left as it is where the flag is of a later epoch', async () => {
    const id = newId()
    await raiseFlag(stores[from].ledger, { ...initialFlag('Account'), epoch: 4 })
    expect(await stores[from].authority.bury(Account, [at(id, 5_000)], 3)).toBe(false)
    expect(await stores[from].outbox.buriedAt(Account, id)).toBeNull()
    expect(await stores[from].authority.bury(Account, [at(id, 5_000)], 4)).toBe(true)
  })

  test('keeps the higher one of two tombstones', async () => {
    const [lower, higher] = [newId(), newId()]
    for (const id of [lower, higher]) await stores[from].authority.bury(Account, [at(id, 5_000)], anyEpoch)
    await stores[from].authority.bury(Account, [at(lower, 4_000), at(higher, 6_000)], anyEpoch)
    expect(await stores[from].outbox.buriedAt(Account, lower)).toMatchObject({ epoch: 1, counter: 5_000 })
    expect(await stores[from].outbox.buriedAt(Account, higher)).toMatchObject({ epoch: 1, counter: 6_000 })
  })
})

test('What PostgreSQL has no room for the id of needs no tombstone there', async () => {
  const long = Array.from({ length: 300 }, (_, n) => Math.sin(n).toString(36).slice(2)).join('')
  const copy = await stores.mongo.authority.create(Account, account(long), owed)
  const beside = await stores.mongo.authority.create(Account, account(newId()), owed)
  expect(await buryCopies({ stores, entity: Account }, 'postgres', anyEpoch, [copy, beside])).toEqual([
    copy.id,
    beside.id,
  ])
  expect(await stores.postgres.outbox.backlog(Account)).toMatchObject({ count: 0 })
  expect(await stores.postgres.outbox.buriedAt(Account, beside.id)).toEqual(tombstoneOf(beside).version)
  expect((await both(stores, 'postgres', long)).mirror).toMatchObject({ record: null })
})
