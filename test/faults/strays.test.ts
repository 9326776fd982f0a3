import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { conflictLog } from '../../src/mirror/conflicts.ts'
import { planPatch } from '../../src/query/patch.ts'
import { Account, account, both, directions, newId, openAccounts, owed, sweepOnce } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { emptyStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openAccounts()
})
beforeEach(() => emptyStores(stores))
afterAll(() => stores.close())

describe.each(directions)(
  'A write that reaches $to after authority has gone to $from [late-packet]',
  ({ from, to }) => {
    /** Of the epoch in which authority was where the late write goes to, and of the present one. */
    const [late, now] = [owed, { epoch: 2, owed: true }]
    const sweepNow = (epoch: number = now.epoch) => sweepOnce(stores, from, 'test', epoch)
    const visits = (count: number) => planPatch(Account, { visits: count })

    /** A record that both stores have, from before the move. */
    async function shared(): Promise<string> {
      const id = newId()
      await stores[to].authority.create(Account, account(id, { visits: 0 }), late)
      await sweepOnce(stores, to)
      return id
    }

    const isEqual = async (id: string): Promise<void> => {
      const { authority, mirror } = await both(stores, from, id)
      expect(mirror).toEqual(authority)
    }

    test('is taken over where nobody has written since', async () => {
      const id = await shared()
      await stores[to].authority.patch(Account, id, visits(5), late)
      expect(await sweepNow()).toBe(0)
      expect((await both(stores, from, id)).authority).toMatchObject({ record: { visits: 5 } })
      await isEqual(id)
      expect(await stores[to].outbox.backlog(Account)).toMatchObject({ count: 0 })
    })

    test('is kept in conflicts where somebody has', async () => {
      const id = await shared()
      await stores[from].authority.patch(Account, id, visits(7), now)
      await stores[to].authority.patch(Account, id, visits(5), late)
      await sweepNow()
      expect(await sweepNow()).toBe(0)
      expect((await both(stores, from, id)).authority).toMatchObject({ record: { visits: 7 } })
      await isEqual(id)
      const [kept] = await stores[from].ledger.tail(conflictLog, 1)
      expect(kept).toMatchObject({ key: `Account/${id}`, value: { mirror: to, record: { visits: 5 } } })
      expect(await stores[to].outbox.backlog(Account)).toMatchObject({ count: 0 })
    })

    test('may be a delete, which is taken over as well, and a record is not', async () => {
      const [gone, changed] = [await shared(), await shared()]
      await stores[from].authority.patch(Account, changed, visits(7), now)
      for (const id of [gone, changed]) await stores[to].authority.delete(Account, id, late)
      await sweepNow()
      expect(await sweepNow()).toBe(0)
      expect((await both(stores, from, gone)).authority).toMatchObject({ record: null })
      expect((await both(stores, from, changed)).authority).toMatchObject({ record: { visits: 7 } })
      for (const id of [gone, changed]) await isEqual(id)
    })

    test('is left alone by whoever does not know yet that authority has moved', async () => {
      const id = await shared()
      await stores[from].authority.patch(Account, id, visits(7), now)
      const late = await stores[to].authority.patch(Account, id, visits(5), { epoch: 3, owed: true })
      expect(await sweepNow()).toBe(1) // its own, which the other store has something newer for
      expect((await both(stores, from, id)).mirror).toMatchObject({ version: late!.version, record: { visits: 5 } })
      expect(await stores[to].outbox.backlog(Account)).toMatchObject({ count: 1 })
    })

    test('is over where a later put has come above the delete', async () => {
      const id = await shared()
      await stores[to].authority.delete(Account, id, late)
      const image = await stores[from].authority.patch(Account, id, visits(7), now)
      expect(await stores[to].replica.bulkPut(Account, [image!], anyEpoch)).toEqual([{ put: 'applied' }])
      expect(await sweepNow()).toBe(0)
      await isEqual(id)
      expect(await stores[to].outbox.backlog(Account)).toMatchObject({ count: 0 })
      expect(await stores[from].ledger.tail(conflictLog, 1)).toEqual([])
    })

    test('may be a create', async () => {
      const id = newId()
      await stores[to].authority.create(Account, account(id, { visits: 1 }), late)
      expect(await sweepNow()).toBe(0)
      expect((await both(stores, from, id)).authority).toMatchObject({ record: { visits: 1 } })
      await isEqual(id)
    })

    test('is kept in conflicts where the authority has no room for it', async () => {
      const [id, other] = [await shared(), newId()]
      // Its value is taken in the authority, so that it cannot be taken over
      await stores[from].authority.create(Account, account(other, { email: 'taken@example.org' }), now)
      await stores[to].authority.patch(Account, id, planPatch(Account, { email: 'taken@example.org' }), late)
      await sweepNow()
      expect(await sweepNow()).toBe(0)
      for (const each of [id, other]) await isEqual(each)
      expect((await both(stores, from, id)).authority).toMatchObject({ record: { email: `${id}@example.org` } })
      const [kept] = await stores[from].ledger.tail(conflictLog, 1)
      expect(kept).toMatchObject({ key: `Account/${id}`, value: { record: { email: 'taken@example.org' } } })
    })
  },
)

test('A create that reaches MongoDB after its record was deleted under another authority is removed again, and kept in conflicts [late-packet]', async () => {
  const id = newId()
  // Of an id that the gateway has made: nobody looks for what was deleted under it
  await stores.mongo.authority.create(Account, account(id), owed)
  await sweepOnce(stores, 'mongo')
  const now = { epoch: 2, owed: true }
  const gone = await stores.postgres.authority.delete(Account, id, now)
  expect(await sweepOnce(stores, 'postgres', 'test', now.epoch)).toBe(0)
  await stores.mongo.authority.create(Account, account(id, { visits: 5 }), owed, true)
  await sweepOnce(stores, 'postgres', 'test', now.epoch)
  expect(await sweepOnce(stores, 'postgres', 'test', now.epoch)).toBe(0)
  const { authority, mirror } = await both(stores, 'postgres', id)
  expect(authority).toEqual({ version: gone!.version, record: null })
  expect(mirror).toEqual(authority)
  const [kept] = await stores.postgres.ledger.tail(conflictLog, 1)
  expect(kept).toMatchObject({ key: `Account/${id}`, value: { mirror: 'mongo', record: { visits: 5 } } })
})

test.each(directions)(
  'What was deleted in $from is owed again where somebody says so, at its version',
  async ({ from }) => {
    const [id, other] = [newId(), newId()]
    const { authority, outbox } = stores[from]
    await authority.create(Account, account(id), owed)
    const gone = await authority.delete(Account, id, owed)
    await authority.create(Account, account(other), owed)
    await sweepOnce(stores, from)
    expect(await outbox.owedFor(Account, [id, other])).toEqual(new Map())
    await authority.owe(Account, [id, other, newId()])
    expect([...(await outbox.owedFor(Account, [id, other])).keys()].sort()).toEqual([id, other])
    expect(await outbox.images(Account, [id])).toMatchObject([{ version: gone!.version, record: null, pending: true }])
    expect(await sweepOnce(stores, from)).toBe(0)
  },
)
