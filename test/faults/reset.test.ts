import { afterEach, beforeEach, expect, test } from 'vitest'
import { initialFlag } from '../../src/control/flag.ts'
import { ledgersOf, raiseFlag, readFlag } from '../../src/control/flag-store.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { resetStage } from '../../src/control/reset.ts'
import { origins } from '../../src/util/origin.ts'
import { openAccounts } from '../support/account.ts'
import type { TestStores } from '../support/stores.ts'

let stores: TestStores
beforeEach(async () => {
  stores = await openAccounts()
})
afterEach(() => stores?.close())

const options = () => ({ ledgers: ledgersOf(stores), sweep: async () => 0, log: () => undefined, patienceMs: 300 })

test('stores that were restored apart from each other begin anew, above all that was known [restored-store]', async () => {
  await prepareFlags(ledgersOf(stores), ['Account'])
  await raiseFlag(stores.mongo.ledger, { ...initialFlag('Account'), stage: 'shadow', epoch: 7, revision: 9, fresh: 7 })
  await raiseFlag(stores.postgres.ledger, {
    ...initialFlag('Account'),
    stage: 'live',
    state: 'draining',
    target: 'shadow',
    epoch: 12,
    revision: 20,
  })
  const wanted = {
    stage: 'off',
    state: 'steady',
    target: null,
    epoch: 1_012,
    revision: 21,
    fresh: null,
    readPercent: 0,
  }
  expect(await resetStage(options(), 'Account', 'off')).toMatchObject(wanted)
  for (const origin of origins) expect((await readFlag(stores[origin].ledger, 'Account'))?.flag).toMatchObject(wanted)
  expect(await setStage(options(), { type: 'Account', stage: 'dualwrite' })).toMatchObject({
    epoch: 1_013,
    fresh: null,
  })
})

test('a gateway that goes on under the old flag is named', async () => {
  await prepareFlags(ledgersOf(stores), ['Account'])
  await stores.mongo.ledger.compareAndSet('instance', 'old', null, { acknowledged: { Account: 1 } })
  await expect(resetStage(options(), 'Account', 'off')).rejects.toMatchObject({
    code: 'TRY_AGAIN',
    message: expect.stringContaining('These gateways have not ended their writes of Account: old.'),
  })
})

test('a type without a flag is told how to get one', async () => {
  await expect(resetStage(options(), 'Account', 'off')).rejects.toMatchObject({ code: 'MISCONFIGURED' })
})
