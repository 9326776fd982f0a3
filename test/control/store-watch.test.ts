import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { Registration } from '../../src/control/registration.ts'
import { StoreWatch } from '../../src/control/store-watch.ts'
import type { Ledger } from '../../src/stores/ledger.ts'
import { Account } from '../support/account.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const probeMs = 2_000

let stores: TestStores
/** What the next looks take longer, in milliseconds. */
let lateMs = 0
const logged: string[] = []
let silent = 0
let answered = 0
let watch: StoreWatch
beforeAll(async () => {
  stores = await openStores([Account])
  const { ledger } = stores.postgres
  await prepareFlags({ mongo: stores.mongo.ledger, postgres: ledger }, ['Account'])
  const late: Ledger = {
    ...ledger,
    async list(...kinds) {
      if (lateMs === Number.POSITIVE_INFINITY) throw new Error('it is gone')
      await sleep(lateMs)
      return ledger.list(...kinds)
    },
  }
  watch = new StoreWatch({
    origin: 'postgres',
    ledger: late,
    registration: new Registration(ledger, 'watcher', () => ({ acknowledged: {}, owed: {}, mappings: {}, alerts: [] })),
    log: (_level, message) => logged.push(message),
    intervalMs: 60_000,
    probeMs,
    onFlags: () => undefined,
    onFormat: () => undefined,
    onSilent: () => silent++,
    onAnswer: () => answered++,
  })
  await watch.look()
})
afterAll(() => stores.close())

test('a store that answers now and then is up again after three looks in time, and told once', async () => {
  let downs = 0
  const forget = watch.onDown(() => downs++)
  for (const [ms, isDown] of [
    [0, false],
    [probeMs + 500, true],
    [0, true],
    [0, true],
    [probeMs + 500, true],
    [0, true],
    [0, true],
    [0, false],
  ] as const) {
    lateMs = ms
    await watch.look()
    expect(watch.isDown).toBe(isDown)
    // It was late, and it answered: what it said permits writes
    expect(watch.isLate).toBe(false)
    expect(watch.confirmed('Account')).toMatchObject({ type: 'Account', stage: 'off' })
  }
  forget()
  expect(downs).toBe(1)
  expect(silent).toBe(0)
  expect(logged).toEqual(['postgres does not answer: it took more than 2000 ms', 'postgres answers again.'])
  expect(answered).toBe(2) // for the first time, and again
})

test('while a look is late the store is known to be late, and one that fails is told apart', async () => {
  lateMs = probeMs + 500
  const look = watch.look()
  await expect.poll(() => watch.isLate, { timeout: 10_000 }).toBe(true)
  await look
  expect(watch.isLate).toBe(false)
  lateMs = Number.POSITIVE_INFINITY
  await watch.look()
  expect([watch.isLate, watch.isDown, silent]).toEqual([true, true, 1])
})

test('a store that answers and takes no writes is told, once the lease has ended, with its reason', async () => {
  const { ledger } = stores.mongo
  await prepareFlags({ mongo: ledger, postgres: ledger }, ['Account'])
  let refuses = true
  const told: string[] = []
  const closed: Ledger = {
    ...ledger,
    async compareAndSet(...entry) {
      if (refuses) throw new Error('cannot execute INSERT in a read-only transaction')
      return ledger.compareAndSet(...entry)
    },
  }
  const sign = () => ({ acknowledged: {}, owed: {}, mappings: {}, alerts: [] })
  const closedWatch = new StoreWatch({
    origin: 'mongo',
    ledger: closed,
    registration: new Registration(closed, 'reader', sign),
    log: (_level, message) => told.push(message),
    intervalMs: 60_000,
    probeMs: 30_000,
    onFlags: () => undefined,
    onFormat: () => undefined,
    onSilent: () => undefined,
    onAnswer: () => undefined,
  })
  for (let look = 0; look < 2; look++) await closedWatch.look()
  expect(told).toEqual(['mongo answers, and takes no writes: cannot execute INSERT in a read-only transaction'])
  expect(closedWatch.confirmed('Account')).toBeNull()
  refuses = false
  for (let look = 0; look < 2; look++) await closedWatch.look()
  expect(told.slice(1)).toEqual(['mongo takes writes again.'])
})
