import { afterAll, beforeAll, expect, test } from 'vitest'
import { readFlag } from '../../src/control/flag-store.ts'
import { announce, liveInstances, withdraw } from '../../src/control/instances.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { origins } from '../../src/util/origin.ts'
import { Account } from '../support/account.ts'
import { openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
let ledgers: { mongo: TestStores['mongo']['ledger']; postgres: TestStores['postgres']['ledger'] }
beforeAll(async () => {
  stores = await openStores([Account])
  ledgers = { mongo: stores.mongo.ledger, postgres: stores.postgres.ledger }
  await prepareFlags(ledgers, ['Account'])
})
afterAll(() => stores.close())

/** An entry as gateways of every version write and read it. */
const entry = (id: string, seen: number, revision: number) => ({ id, seen, settled: { Account: revision } })

test('the ledgers keep what a gateway acknowledges under the name that older ones read', async () => {
  for (const origin of origins) await announce(ledgers[origin], { id: 'new', seen: 7, acknowledged: { Account: 3 } })
  for (const origin of origins)
    expect((await ledgers[origin].get('instance', 'new'))?.value).toEqual(entry('new', 7, 3))
  await withdraw(ledgers, 'new')
})

test('a gateway of an older version is seen with what it acknowledges', async () => {
  for (const origin of origins) {
    await ledgers[origin].compareAndSet('instance', 'old', null, entry('old', Date.now(), 2))
    expect(await liveInstances(ledgers[origin])).toMatchObject([{ id: 'old', acknowledged: { Account: 2 } }])
  }
  await withdraw(ledgers, 'old')
})

test('an entry in another form does not end a change of stage with a fault', async () => {
  const seen = Date.now()
  const forms = {
    odd: { id: 'odd', seen },
    list: { id: 'list', seen, settled: ['Account'] },
    timeless: { id: 'timeless' },
  }
  for (const [id, form] of Object.entries(forms)) await ledgers.mongo.compareAndSet('instance', id, null, form)
  await ledgers.mongo.compareAndSet('instance', 'text', null, 'no entry at all')
  // What does not tell that it acknowledges does not: none of its writes may be lost
  expect(await liveInstances(ledgers.mongo)).toEqual([
    { id: 'list', seen, acknowledged: {} },
    { id: 'odd', seen, acknowledged: {} },
  ])
  const options = { ledgers, sweep: async () => 0, log: () => undefined, patienceMs: 100 }
  await expect(setStage(options, { type: 'Account', samplePercent: 40 })).rejects.toMatchObject({
    code: 'TRY_AGAIN',
    message: 'These gateways have not ended their writes of Account: list, odd. See that they answer, and try again.',
  })
  for (const id of [...Object.keys(forms), 'text']) await withdraw(ledgers, id)
})

test('a change of stage waits for every gateway, and names those that have not acknowledged it', async () => {
  const options = { ledgers, sweep: async () => 0, log: () => undefined }
  const hour = 3_600_000 // ahead, so that nobody is taken for gone
  const at = async (id: string, revision: number): Promise<void> => {
    const { revision: known = null } = (await ledgers.mongo.get('instance', id)) ?? {}
    expect(await ledgers.mongo.compareAndSet('instance', id, known, entry(id, Date.now() + hour, revision))).toBe(true)
  }
  const { revision } = (await readFlag(ledgers.mongo, 'Account'))!.flag
  await at('behind', revision)
  await at('done', revision + 1)
  const stuck = setStage({ ...options, patienceMs: 300 }, { type: 'Account', stage: 'dualwrite' })
  await expect(stuck).rejects.toMatchObject({
    code: 'TRY_AGAIN',
    message: 'These gateways have not ended their writes of Account: behind. See that they answer, and try again.',
  })
  await at('behind', revision + 2)
  await at('done', revision + 2)
  expect(await setStage(options, { type: 'Account', samplePercent: 50 })).toMatchObject({ samplePercent: 50 })
})
