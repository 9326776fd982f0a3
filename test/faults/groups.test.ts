import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Flag, initialFlag } from '../../src/control/flag.ts'
import { allFlags, ledgersOf, raiseFlag } from '../../src/control/flag-store.ts'
import { setStage } from '../../src/control/move.ts'
import { dropGroup } from '../../src/control/regroup.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { origins } from '../../src/util/origin.ts'
import { type OtherWriter, openOtherWriter } from '../support/other-writer.ts'
import { openPurses, Purse, Transfer } from '../support/purses.ts'
import type { TestStores } from '../support/stores.ts'

let stores: TestStores
let clerk: OtherWriter
beforeAll(async () => {
  stores = await openPurses()
  clerk = await openOtherWriter(stores, ['purses', 'transfers'])
})
afterAll(async () => {
  await clerk?.close()
  await stores?.close()
})

const members = ['Purse', 'Transfer']

/** The group's flag in both stores, above what they have. */
async function setFlag(change: Partial<Flag>): Promise<void> {
  const known = (await allFlags(ledgersOf(stores))).find(({ type }) => type === 'money')
  const before = known ?? initialFlag('money', members)
  for (const origin of origins)
    await raiseFlag(stores[origin].ledger, { ...before, ...change, revision: before.revision + 1 })
}

const purse = (id: string) => newRecord(Purse, id, { coins: 10, owner: id })
const payment = (id: string) => clerk.run('insert into transfers (id, coins) values ($1, 1)', [id])

test('a change by others that is not committed yet holds up the group, whichever of its types it is of', async () => {
  await setFlag({ stage: 'live', state: 'steady', members, epoch: 2 })
  await clerk.run('begin')
  await payment('open')
  let isDone = false
  const changed = setFlag({ samplePercent: 5 }).then(() => {
    isDone = true
  })
  await new Promise((done) => setTimeout(done, 300))
  expect(isDone).toBe(false)
  await clerk.run('commit')
  await changed
})

test.each(origins)('a put into %s that was sent before the group moved is overtaken, of each type', async (to) => {
  await setFlag({ stage: 'live', state: 'steady', members, epoch: 3 })
  const image = (id: string) => ({
    id,
    version: { epoch: 2, counter: 1 },
    pending: false,
    record: purse(id),
    rest: null,
    issues: [],
  })
  const { replica } = stores[to]
  expect(await replica.bulkPut(Purse, [image(`late ${to}`)], 2)).toEqual([{ put: 'overtaken' }])
  const transfer = { ...image(`late ${to}`), record: newRecord(Transfer, `late ${to}`, { coins: 1 }) }
  expect(await replica.bulkPut(Transfer, [transfer], 2)).toEqual([{ put: 'overtaken' }])
  expect(await replica.bulkPut(Purse, [image(`in time ${to}`)], 3)).toEqual([{ put: 'applied' }])
})

test('what others write in PostgreSQL goes by the flag of the group, and by their own once that is dropped', async () => {
  await setFlag({ stage: 'shadow', epoch: 4 })
  await expect(payment('a')).rejects.toThrow('Transfer is in stage shadow: MongoDB has its records')
  await setFlag({ stage: 'live', epoch: 5 })
  await payment('a')
  const [made] = await stores.postgres.outbox.images(Transfer, ['a'])
  expect(made!.version.epoch).toBe(5)
  expect((await stores.postgres.outbox.owedFor(Transfer, ['a'])).has('a')).toBe(true)
  await setFlag({ state: 'draining', target: 'shadow' })
  await expect(payment('b')).rejects.toThrow('authority over Transfer is moving')
  await setFlag({ state: 'steady', target: null, epoch: 6 })

  const left = await dropGroup({ ledgers: ledgersOf(stores), log: () => undefined }, 'money')
  const { epoch } = left.find(({ type }) => type === 'Transfer')!
  await payment('b')
  expect((await stores.postgres.outbox.images(Transfer, ['b']))[0]!.version.epoch).toBe(epoch)
  // Each by its own from now on
  const options = { ledgers: ledgersOf(stores), log: () => undefined, sweep: async () => 0 }
  await setStage(options, { type: 'Purse', stage: 'shadow', force: true })
  await expect(clerk.run("insert into purses (id, coins) values ('z', 1)")).rejects.toThrow('Purse is in stage shadow')
  await payment('c')
})
