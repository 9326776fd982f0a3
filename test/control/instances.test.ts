import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { readFlag } from '../../src/control/flag-store.ts'
import { FlagWatch } from '../../src/control/flag-watch.ts'
import { forgetGone, liveInstances, withdraw } from '../../src/control/instances.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { Registration } from '../../src/control/registration.ts'
import type { Ledger } from '../../src/stores/ledger.ts'
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

/** An entry as gateways write and read it. */
const entry = (revision: number) => ({ acknowledged: { Account: revision } })

test('both stores know an instance by its signs of life, and what it acknowledges', async () => {
  for (const origin of origins) {
    let acknowledged = { Account: 2 }
    const registration = new Registration(ledgers[origin], 'first', () => ({
      acknowledged,
      owed: { Account: 4 },
      mappings: {},
      alerts: [],
    }))
    expect(registration.isFresh).toBe(false)
    await registration.renew()
    expect(registration.isFresh).toBe(true)
    expect(await liveInstances(ledgers[origin])).toMatchObject([
      { id: 'first', acknowledged: { Account: 2 }, owed: { Account: 4 } },
    ])
    acknowledged = { Account: 3 }
    await ledgers[origin].remove('instance', 'first') // as a mover forgets one
    await registration.renew()
    expect(await liveInstances(ledgers[origin])).toMatchObject([{ id: 'first', acknowledged: { Account: 3 } }])
  }
  for (const origin of origins) await withdraw(ledgers[origin], 'first')
})

test('one whose last sign of life is too old by the clock of the store is gone, whatever its own clock says', async () => {
  await ledgers.mongo.compareAndSet('instance', 'late', null, entry(1))
  await ledgers.postgres.compareAndSet('instance', 'late', null, entry(1))
  const old = new Date(Date.now() - 3_600_000)
  await stores.mongo.connection.db.collection('_crossfade_ledger').updateOne({ key: 'late' }, { $set: { at: old } })
  await stores.postgres.connection.run(sql`update crossfade.ledger set at = ${old} where key = 'late'`)
  for (const origin of origins) {
    expect(await liveInstances(ledgers[origin])).toEqual([])
    // One that gives a sign of life between the look and the end of its entry is known on
    const list: Ledger['list'] = async (kind) => {
      const found = await ledgers[origin].list(kind)
      await ledgers[origin].compareAndSet('instance', 'late', found[0]!.revision, entry(1))
      return found
    }
    await forgetGone({ ...ledgers[origin], list })
    expect(await ledgers[origin].get('instance', 'late')).toMatchObject({ revision: 2 })
  }
  await stores.mongo.connection.db.collection('_crossfade_ledger').updateOne({ key: 'late' }, { $set: { at: old } })
  await stores.postgres.connection.run(sql`update crossfade.ledger set at = ${old} where key = 'late'`)
  for (const origin of origins) {
    await forgetGone(ledgers[origin])
    expect(await ledgers[origin].get('instance', 'late')).toBe(null)
  }
})

test('an entry in another form does not end a change of stage with a fault', async () => {
  const forms = { odd: { id: 'odd' }, list: { acknowledged: ['Account'] }, text: 'no entry at all' }
  for (const [id, form] of Object.entries(forms)) await ledgers.mongo.compareAndSet('instance', id, null, form)
  // What does not tell that it acknowledges does not: none of its writes may be lost
  expect(await liveInstances(ledgers.mongo)).toMatchObject([
    { id: 'list', acknowledged: {} },
    { id: 'odd', acknowledged: {} },
    { id: 'text', acknowledged: {} },
  ])
  const options = { ledgers, sweep: async () => 0, log: () => undefined, patienceMs: 100 }
  await expect(setStage(options, { type: 'Account', samplePercent: 40 })).rejects.toMatchObject({
    code: 'TRY_AGAIN',
    message:
      'These gateways have not ended their writes of Account: list, odd, text. See that they answer, and try again.',
  })
  for (const id of Object.keys(forms)) await withdraw(ledgers.mongo, id)
})

test('a change of stage waits for every gateway, and names those that have not acknowledged it', async () => {
  const options = { ledgers, sweep: async () => 0, log: () => undefined }
  const at = async (id: string, revision: number): Promise<void> => {
    const { revision: known = null } = (await ledgers.mongo.get('instance', id)) ?? {}
    expect(await ledgers.mongo.compareAndSet('instance', id, known, entry(revision))).toBe(true)
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

test('a store that has not told its format yet gets no sign of life, though the other one has told the flags', async () => {
  const { promise: asked, resolve: tell } = Promise.withResolvers<void>()
  const compareAndSet = vi.fn(ledgers.mongo.compareAndSet)
  const mongo: Ledger = {
    ...ledgers.mongo,
    compareAndSet,
    async get(...given) {
      await asked
      return ledgers.mongo.get(...given)
    },
  }
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-instances-'))
  const sign = () => ({ acknowledged: {}, owed: {}, mappings: {}, alerts: [] })
  const watched = { mongo, postgres: ledgers.postgres }
  const flags = new FlagWatch({ id: 'new', sign, entities: [Account], ledgers: watched, dataDir, log: () => undefined })
  const started = flags.start()
  await expect.poll(async () => (await ledgers.postgres.get('instance', 'new'))?.revision).toBeGreaterThan(1)
  await expect.poll(() => flags.has('Account')).toBe(true)
  expect(compareAndSet).not.toHaveBeenCalled()
  tell()
  await started
  expect(compareAndSet).toHaveBeenCalled()
  await flags.withdraw()
  rmSync(dataDir, { recursive: true })
})
