import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Asked } from '../../src/control/desired.ts'
import { DesiredKeeper } from '../../src/control/desired-keeper.ts'
import type { Flag } from '../../src/control/flag.ts'
import { ledgersOf, readCopies } from '../../src/control/flag-store.ts'
import { type MoveOptions, setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { tellsOfTrouble } from '../../src/stores/failure.ts'
import type { Json } from '../../src/util/json.ts'
import { Account, sweepOnce } from '../support/account.ts'
import { openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
let flag: Flag
beforeEach(async () => {
  stores = await openStores([Account])
  await prepareFlags(ledgersOf(stores), ['Account'])
  await look()
})
afterEach(() => stores.close())

const moves = (): MoveOptions => ({
  ledgers: ledgersOf(stores),
  log: () => undefined,
  sweep: (_, from) => sweepOnce(stores, from),
})
/** All gateways know the flag. */
async function look(): Promise<Flag> {
  flag = (await readCopies(ledgersOf(stores), 'Account')).flag!
  return flag
}
async function toShadow(): Promise<void> {
  await setStage(moves(), { type: 'Account', stage: 'dualwrite' })
  await backfill({ stores, entity: Account })
  await setStage(moves(), { type: 'Account', stage: 'shadow' })
  await look()
}

/** A gateway whose provider says something. Its claim lasts three looks: by default longer than a test on a busy machine. */
function gateway(by: string, intervalMs = 20_000) {
  const logged: string[] = []
  const change = {
    ledgers: ledgersOf(stores),
    isTrouble: (error: unknown) => tellsOfTrouble(stores, error),
    log: () => undefined,
  }
  const flags = { has: () => true, get: () => flag }
  const log = (_level: string, message: string): void => void logged.push(message)
  const keeper = new DesiredKeeper({ by, types: ['Account'], flags, change, log, intervalMs })
  return {
    logged,
    async says(asked: Asked, isWell = true): Promise<Flag> {
      await keeper.keep(new Map([['Account', asked]]), isWell)
      return look()
    },
  }
}

const history = async (): Promise<Json[]> =>
  (await stores[flag.stage === 'live' ? 'postgres' : 'mongo'].ledger.tail('stage', 10, 'Account')).map(
    ({ value }) => value,
  )

test('shares go into the flag of both stores, with an entry that says who and why', async () => {
  await toShadow()
  const one = gateway('one')
  const now = await one.says({ stage: 'live', readPercent: 10, samplePercent: 25 })
  const desired = { stage: 'live', readPercent: 10, samplePercent: 25 }
  expect(now).toMatchObject({ stage: 'shadow', state: 'steady', readPercent: 10, samplePercent: 25, desired })
  const { copies } = await readCopies(ledgersOf(stores), 'Account')
  expect(copies.mongo!.flag).toEqual(copies.postgres!.flag)
  const why = 'the provider of flags asks for stage live, 10 % reads moved, 25 % compared'
  expect((await history())[0]).toMatchObject({ from: 'shadow', to: 'shadow', readPercent: 10, by: 'one', why })
  expect(one.logged).toEqual([`Account: ${why}.`])
})

test('what is as it was asked for changes nothing', async () => {
  await toShadow()
  const one = gateway('one')
  const { revision } = await one.says({ readPercent: 10 })
  expect((await one.says({ readPercent: 10 })).revision).toBe(revision)
})

test('what was asked for in off is in force once the type is in shadow', async () => {
  const one = gateway('one')
  expect(await one.says({ stage: 'shadow', readPercent: 10 })).toMatchObject({
    stage: 'off',
    readPercent: 0,
    desired: { stage: 'shadow', readPercent: null },
  })
  await toShadow()
  expect(await one.says({ stage: 'shadow', readPercent: 10 })).toMatchObject({ readPercent: 10 })
})

test('an operator’s share stands until the provider says another, and so does the 0 that a move begins with', async () => {
  await toShadow()
  const one = gateway('one')
  await one.says({ readPercent: 10 })
  await setStage(moves(), { type: 'Account', readPercent: 3 })
  await look()
  expect(await one.says({ readPercent: 10 })).toMatchObject({ readPercent: 3 })
  expect(await one.says({ readPercent: 20 })).toMatchObject({ readPercent: 20 })
  await setStage(moves(), { type: 'Account', stage: 'live' })
  await look()
  expect(await one.says({ readPercent: 20 })).toMatchObject({ stage: 'live', readPercent: 0 })
})

test('of gateways whose providers differ one is believed, until its provider does not answer', async () => {
  await toShadow()
  const [one, two] = [gateway('one'), gateway('two')]
  expect(await one.says({ readPercent: 10 })).toMatchObject({ readPercent: 10 })
  expect(await two.says({ readPercent: 5 })).toMatchObject({ readPercent: 10 })
  expect(await one.says({}, false)).toMatchObject({ readPercent: 10 })
  expect(await two.says({ readPercent: 5 })).toMatchObject({ readPercent: 5 })
  expect(await one.says({ readPercent: 10 })).toMatchObject({ readPercent: 5 })
})

test('one that has died is followed by another when its claim is over', async () => {
  await toShadow()
  await gateway('one', 200).says({ readPercent: 10 })
  const two = gateway('two', 200)
  await expect.poll(async () => (await two.says({ readPercent: 5 })).readPercent, { timeout: 10_000 }).toBe(5)
})

test('a flag that is known too late is changed as it is stored', async () => {
  await toShadow()
  const one = gateway('one')
  await one.says({ readPercent: 10 })
  const stale = flag
  await setStage(moves(), { type: 'Account', readPercent: 3 })
  flag = stale
  await one.says({ readPercent: 10, stage: 'live' })
  expect(flag).toMatchObject({ readPercent: 3, desired: { stage: 'live', readPercent: 10 } })
})

test('a type between two stages is left alone', async () => {
  await toShadow()
  const { mongo } = ledgersOf(stores)
  const entry = (await mongo.get('flag', 'Account'))!
  await mongo.compareAndSet('flag', 'Account', entry.revision, {
    ...(entry.value as object),
    state: 'draining',
  } as Json)
  await look()
  expect(await gateway('one').says({ readPercent: 10 })).toMatchObject({ state: 'draining', readPercent: 0 })
})

test('a store that does not answer is told of once, and nobody throws', async () => {
  await toShadow()
  const one = gateway('one')
  Object.assign(stores.mongo.ledger, { claim: () => Promise.reject(new Error('gone')) })
  await one.says({ readPercent: 10 })
  await one.says({ readPercent: 10 })
  expect(one.logged).toEqual(['What the provider of flags says could not be kept in mongo: gone'])
})
