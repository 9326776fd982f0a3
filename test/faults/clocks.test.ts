import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { DeadLetters } from '../../src/mirror/dead-letters.ts'
import { storeNow } from '../../src/stores/mongo/clock.ts'
import { mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { Account, account, directions, newId, openAccounts, owed, sweepOnce } from '../support/account.ts'
import { emptyStores, type TestStores } from '../support/stores.ts'
import { tcpProxy } from '../support/tcp-proxy.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openAccounts()
})
afterEach(() => {
  vi.useRealTimers()
  return emptyStores(stores)
})
afterAll(() => stores.close())

const minutes = 60_000

/** A gateway whose own clock is off by so much, beside stores whose clocks are right. */
function shiftClock(ms: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })
}

describe.each(directions)('A gateway whose clock is ten minutes off, authority $from [clock-skew]', ({ from }) => {
  test.each([-10 * minutes, 10 * minutes])(
    '%i ms: what is owed has its right age, and is swept at once',
    async (off) => {
      // A connection of its own, whose first look at the clock is under the wrong one
      const { db } = stores.mongo.connection
      const mongo = mongoStore({ uri: inject('mongoUri'), database: db.databaseName })
      const shifted: TestStores = { ...stores, mongo }
      try {
        const elsewhere = newId()
        await stores[from].authority.create(Account, account(elsewhere), owed)
        shiftClock(off)
        const here = newId()
        await shifted[from].authority.create(Account, account(here), owed)
        const { count, oldestMs } = await shifted[from].outbox.backlog(Account)
        expect(count).toBe(2)
        expect(oldestMs).toBeGreaterThanOrEqual(0)
        expect(oldestMs).toBeLessThan(5 * minutes)
        expect(await shifted[from].outbox.owed(Account, 5 * minutes, 10)).toEqual([])
        expect((await shifted[from].outbox.owed(Account, 0, 10)).toSorted()).toEqual([elsewhere, here].toSorted())
        expect(await sweepOnce(shifted, from)).toBe(0)
      } finally {
        await mongo.close()
      }
    },
  )

  test('versions of records that were deleted and made again by gateways of different clocks only grow', async () => {
    const id = newId()
    const first = await stores[from].authority.create(Account, account(id), owed)
    shiftClock(-10 * minutes)
    const gone = await stores[from].authority.delete(Account, id, owed)
    const again = await stores[from].authority.create(Account, account(id), owed)
    expect(gone!.version.counter).toBeGreaterThan(first.version.counter)
    expect(again.version.counter).toBeGreaterThan(gone!.version.counter)
    expect(await sweepOnce(stores, from)).toBe(0)
  })
})

describe.each(directions)('A gateway whose clock jumps by an hour, authority $from [clock-jumps]', ({ from }) => {
  test.each([-60 * minutes, 60 * minutes])('%i ms: what it writes then is owed since then', async (jump) => {
    const { authority, outbox } = stores[from]
    await authority.create(Account, account(newId()), owed) // the store's clock is known by now
    shiftClock(jump)
    const [made, gone] = [newId(), newId()]
    for (const id of [made, gone]) await authority.create(Account, account(id), owed)
    await authority.delete(Account, gone, owed)
    vi.useRealTimers()
    await sleep(300)
    // One that is owed from the future would be swept by nobody until then, and would count as fresh
    expect((await outbox.owed(Account, 100, 10)).toSorted()).toEqual(expect.arrayContaining([made, gone]))
    expect((await outbox.backlog(Account)).oldestMs).toBeGreaterThan(250)
    expect((await outbox.backlog(Account)).oldestMs).toBeLessThan(minutes)
  })

  test('does not keep the others from what the mirror refuses', async () => {
    const id = newId()
    const image = await stores[from].authority.create(Account, account(id), owed)
    const { ledger } = stores[from]
    const letters = () => DeadLetters.of(ledger, Account)
    await (await letters()).write(image, 'it is odd')
    expect(await (await letters()).due(stores[from])).toEqual([])
    shiftClock(60 * minutes)
    await (await letters()).write(image, 'it is odd')
    vi.useRealTimers()
    expect(await (await letters()).due(stores[from])).toEqual([id])
    await ledger.remove('dead-letter', `Account/${id}`)
  })
})

test("a look at the store's clock whose answer took long is made again [clock-skew]", async () => {
  const { db } = stores.mongo.connection
  const proxy = await tcpProxy(Number(new URL(inject('mongoUri')).port))
  const uri = new URL(inject('mongoUri'))
  uri.port = String(proxy.port)
  const { connection, close } = mongoStore({ uri: `${uri}`, database: db.databaseName })
  /** By how much the clock that was measured through the proxy differs from the one that is measured directly. */
  const off = async (): Promise<number> =>
    Math.abs((await storeNow(connection)) - (await storeNow(stores.mongo.connection)))
  try {
    // Over an open connection: what opening one takes would count as a part of the way there
    await connection.db.command({ ping: 1 })
    proxy.delay(1_200)
    expect(await off()).toBeGreaterThan(300)
    proxy.delay(0)
    const isRight = async (): Promise<boolean> => (await off()) < 300
    for (let tries = 0; !(await isRight()); tries++) {
      expect(tries).toBeLessThan(400)
      await sleep(25)
    }
  } finally {
    await close()
    await proxy.stop()
  }
})
