import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { planPatch } from '../../src/query/patch.ts'
import { guardWrites } from '../../src/routing/guard-writes.ts'
import type { Stores } from '../../src/routing/routing.ts'
import { type Origin, origins, otherOrigin } from '../../src/util/origin.ts'
import { Account, account, newId, owed } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { nothingSeen } from '../support/nothing-seen.ts'
import { openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Account])
})
afterAll(() => stores.close())

const guardedOf = (refused: Origin): Stores =>
  guardWrites(stores, (origin) => {
    if (origin === refused) throw new Error(`no writes to ${origin}`)
  })

describe.each(origins)('where the check refuses %s', (origin) => {
  const version = { epoch: 1, counter: 1 }
  /** One call of each part, and how what it would write is seen. */
  const writes: readonly (readonly [string, (store: Stores[Origin], id: string) => Promise<unknown>])[] = [
    ['create', ({ authority }, id) => authority.create(Account, account(id), owed)],
    ['patch', ({ authority }, id) => authority.patch(Account, id, planPatch(Account, { visits: 2 }), owed)],
    ['delete', ({ authority }, id) => authority.delete(Account, id, owed)],
    ['owe', ({ authority }, id) => authority.owe(Account, [id])],
    ['bury', ({ authority }) => authority.bury(Account, [], anyEpoch)],
    ['settleHidden', ({ authority }) => authority.settleHidden(Account, true)],
    ['restamp', ({ authority }, id) => authority.restamp(Account, id, version, version)],
    ['bulkPut', ({ replica }) => replica.bulkPut(Account, [], anyEpoch)],
    ['settleArriving', ({ replica }) => replica.settleArriving(Account, 0)],
    ['clear', ({ outbox }, id) => outbox.clear(Account, [{ id, version, deleted: false }])],
    [
      'clear of a comparison',
      ({ candidate: { outbox } }, id) => outbox.clear(Account, [{ id, version, deleted: false }]),
    ],
    [
      'clear of the control plane',
      ({ control: { outbox } }, id) => outbox.clear(Account, [{ id, version, deleted: true }]),
    ],
    ['compareAndSet', ({ ledger }, id) => ledger.compareAndSet('test', id, null, 1)],
    ['remove', ({ ledger }, id) => ledger.remove('test', id)],
    ['claim', ({ ledger }, id) => ledger.claim(id, 'test', 1_000)],
    ['release', ({ ledger }, id) => ledger.release(id, 'test')],
    ['append', ({ ledger }, id) => ledger.append('test', id, 1)],
  ]

  test.each(writes)('%s is refused', async (_, write) => {
    await expect(write(guardedOf(origin)[origin], newId())).rejects.toThrow(`no writes to ${origin}`)
  })

  test('nothing of a refused write is there, and reads go on', async () => {
    const id = newId()
    const { authority, outbox, ledger, reader } = guardedOf(origin)[origin]
    await expect(authority.create(Account, account(id), owed)).rejects.toThrow()
    await expect(ledger.append('test', id, 1)).rejects.toThrow()
    expect(await outbox.images(Account, [id])).toEqual([])
    expect(await ledger.length('test', id)).toBe(0)
    expect(await reader.count(Account, { op: 'eq', path: 'id', value: id })).toBe(0)
  })

  test('the other store is written', async () => {
    const id = newId()
    const other = otherOrigin(origin)
    await guardedOf(origin)[other].authority.create(Account, account(id), owed)
    expect(await stores[other].outbox.images(Account, [id])).toMatchObject([{ id, pending: true }])
  })
})

test('what others change is not marked with MongoDB', async () => {
  const { foreignChanges } = guardedOf('mongo').mongo
  const id = newId()
  await stores.mongo.connection.db.collection<{ _id: string }>('accounts').insertOne({ _id: id })
  await expect(foreignChanges.touch(Account, [id], 1)).rejects.toThrow('no writes to mongo')
  await expect(foreignChanges.bury(Account, newId(), { epoch: 1, counter: 1 })).rejects.toThrow('no writes to mongo')
  expect(await stores.mongo.outbox.images(Account, [id])).toMatchObject([{ version: { epoch: 0, counter: 0 } }])
})

test('what was found of the move is refused with PostgreSQL', async () => {
  const { dataIssues, findings, triage } = guardedOf('postgres').postgres
  const refused = 'no writes to postgres'
  await expect(dataIssues.quarantine(Account, [])).rejects.toThrow(refused)
  await expect(dataIssues.keepOut(Account, [], [])).rejects.toThrow(refused)
  await expect(findings.add(nothingSeen)).rejects.toThrow(refused)
  await expect(findings.close('f', 'why', 'Ann')).rejects.toThrow(refused)
  await expect(triage.judge('f', { verdict: 'bug', by: 'Ann', why: 'why' })).rejects.toThrow(refused)
  await expect(triage.assign('f', 'Bob', 'Ann')).rejects.toThrow(refused)
  await expect(triage.comment('f', 'text', 'Ann')).rejects.toThrow(refused)
  await expect(triage.drop('f', 'Ann', 'why')).rejects.toThrow(refused)
  expect(await dataIssues.counts(Account)).toEqual([])
  expect(await findings.groups()).toEqual([])
  expect(await triage.rules()).toEqual([])
})
