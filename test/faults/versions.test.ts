import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { conflictLog } from '../../src/mirror/conflicts.ts'
import { increment } from '../../src/query/operations.ts'
import { planPatch } from '../../src/query/patch.ts'
import { mongoAuthority } from '../../src/stores/mongo/authority.ts'
import { keepTombstone, tombstonesOf } from '../../src/stores/mongo/tombstone.ts'
import type { Version } from '../../src/stores/version.ts'
import { Account, account, both, directions, newId, openAccounts, owed, sweepOnce } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { aroundInserts } from '../support/around-inserts.ts'
import type { TestStores } from '../support/stores.ts'

let stores: TestStores

beforeAll(async () => {
  stores = await openAccounts()
})

afterAll(() => stores.close())

const visit = planPatch(Account, { visits: increment(1) })

describe.each(directions)('Versions, authority $from', ({ from, to }) => {
  test('a writer of an older epoch is refused once a newer one has written [stale-epoch]', async () => {
    const id = newId()
    const { authority } = stores[from]
    await authority.create(Account, account(id), { epoch: 1, owed: true })
    const moved = await authority.patch(Account, id, visit, { epoch: 3, owed: true })
    const stale = { epoch: 2, owed: true }
    await expect(authority.patch(Account, id, visit, stale)).rejects.toMatchObject({ code: 'TRY_AGAIN' })
    await expect(authority.delete(Account, id, stale)).rejects.toMatchObject({ code: 'TRY_AGAIN' })
    expect((await both(stores, from, id)).authority).toEqual({ version: moved!.version, record: moved!.record })
    expect((await authority.patch(Account, id, visit, { epoch: 3, owed: true }))?.record?.['visits']).toBe(2)
  })

  test('nor can it create again what a newer epoch deleted [stale-epoch]', async () => {
    const id = newId()
    const { authority } = stores[from]
    await authority.create(Account, account(id), { epoch: 1, owed: true })
    await authority.delete(Account, id, { epoch: 3, owed: true })
    await expect(authority.create(Account, account(id), { epoch: 2, owed: true })).rejects.toMatchObject({
      code: 'TRY_AGAIN',
    })
    expect((await authority.create(Account, account(id), { epoch: 3, owed: true })).version.epoch).toBe(3)
  })

  test('a record that is created again is newer than all that its id ever was [recreate-same-id]', async () => {
    const id = newId()
    await stores[from].authority.create(Account, account(id, { tags: ['old'] }), owed)
    // Far ahead of the clock, as a record with a busy past or a fast clock behind it
    const [image] = await stores[from].outbox.images(Account, [id])
    const ahead = { epoch: 1, counter: Date.now() + 1_000_000 }
    expect(await stores[from].authority.restamp(Account, id, image!.version, ahead)).toBe(true)
    await sweepOnce(stores, from)
    const gone = await stores[from].authority.delete(Account, id, owed)
    expect(gone!.version.counter).toBe(ahead.counter + 2)
    await sweepOnce(stores, from)
    const again = await stores[from].authority.create(Account, account(id, { tags: ['new'] }), owed)
    expect(again.version.counter).toBeGreaterThan(gone!.version.counter)
    expect(await stores[to].replica.bulkPut(Account, [again], anyEpoch)).toEqual([{ put: 'applied' }])
    expect(await sweepOnce(stores, from)).toBe(0)
    const { authority, mirror } = await both(stores, from, id)
    expect(authority).toMatchObject({ record: { tags: ['new'] } })
    expect(mirror).toEqual(authority)
  })

  test('it is newer even while the delete is still owed, and then both are cleared [recreate-same-id]', async () => {
    const id = newId()
    await stores[from].authority.create(Account, account(id), owed)
    await sweepOnce(stores, from)
    await stores[from].authority.delete(Account, id, owed)
    await stores[from].authority.create(Account, account(id, { visits: 7 }), owed)
    expect(await sweepOnce(stores, from)).toBe(0)
    expect(await stores[from].outbox.owed(Account, 0, 100)).toEqual([])
    const { authority, mirror } = await both(stores, from, id)
    expect(mirror).toEqual(authority)
    expect(mirror).toMatchObject({ record: { visits: 7 } })
  })
})

describe('Versions in MongoDB', () => {
  const at = (counter: number) => ({ epoch: 1, counter })

  /** What others have created and deleted, a million versions ahead of the clock. */
  async function deletedByOthers(id: string): Promise<Version> {
    const version = at(Date.now() + 1_000_000)
    await keepTombstone(stores.mongo.connection, Account, id, version, true)
    return version
  }

  test('a record is above what was deleted under its id at the moment of its insert [recreate-same-id]', async () => {
    const id = newId()
    let gone: Version | undefined
    const connection = aroundInserts(stores, {
      before: async () => {
        gone = await deletedByOthers(id)
      },
    })
    const { version } = await mongoAuthority(connection).create(Account, account(id), owed)
    expect(version).toEqual(at(gone!.counter + 1))
    expect(await sweepOnce(stores, 'mongo')).toBe(0)
    const { authority, mirror } = await both(stores, 'mongo', id)
    expect(mirror).toEqual(authority)
    expect(mirror).toMatchObject({ version, record: { id } })
  })

  test('one whose create ended with its process before it saw that goes above it when it is mirrored', async () => {
    const id = newId()
    const behind = () => Promise.reject(new Error('the process ended'))
    const authority = mongoAuthority(aroundInserts(stores, { behind }))
    await expect(authority.create(Account, account(id), owed)).rejects.toThrow()
    const gone = await deletedByOthers(id)
    for (let rounds = 0; (await sweepOnce(stores, 'mongo')) > 0; rounds++) expect(rounds).toBeLessThan(5)
    const found = await both(stores, 'mongo', id)
    expect(found.authority?.version.counter).toBeGreaterThan(gone.counter)
    expect(found.mirror).toEqual(found.authority)
    expect(await stores.mongo.ledger.length('conflict')).toBe(0)
  })

  test('one that comes behind a delete of a later epoch is taken back, and its client may try again', async () => {
    const id = newId()
    const connection = aroundInserts(stores, {
      before: () => keepTombstone(stores.mongo.connection, Account, id, { epoch: 3, counter: 1 }, true),
    })
    await expect(mongoAuthority(connection).create(Account, account(id), owed)).rejects.toMatchObject({
      code: 'TRY_AGAIN',
    })
    expect((await both(stores, 'mongo', id)).authority).toMatchObject({ record: null })
  })

  test('of what was deleted under an id the highest version stays, whoever comes late, and comers at once', async () => {
    const id = newId()
    const { connection } = stores.mongo
    const kept = (counter: number, epoch = 1) => keepTombstone(connection, Account, id, { epoch, counter }, true)
    const stays = async () => (await tombstonesOf(connection, Account, [id])).get(id)?.version
    const first = await Promise.all([kept(3), kept(5), kept(4)])
    expect(first[1]).toBe(true)
    expect(await stays()).toEqual(at(5))
    expect([await kept(5), await kept(4)]).toEqual([false, false])
    expect(await stays()).toEqual(at(5))
    expect(await kept(2, 2)).toBe(true)
    expect(await kept(9)).toBe(false)
    expect(await stays()).toEqual({ epoch: 2, counter: 2 })
  })

  test('a document that was replaced whole by another writer starts above what the mirror has [dropped-bookkeeping]', async () => {
    const id = newId()
    const { connection } = stores.mongo
    await stores.mongo.authority.create(Account, account(id), owed)
    for (let visits = 0; visits < 5; visits++) await stores.mongo.authority.patch(Account, id, visit, owed)
    await sweepOnce(stores, 'mongo')
    await connection.db.collection<{ _id: string }>('accounts').replaceOne({ _id: id }, { email: `${id}@new.example` })
    const [dropped] = await stores.mongo.outbox.images(Account, [id])
    expect(dropped?.version).toEqual({ epoch: 0, counter: 0 })
    const image = await stores.mongo.authority.patch(Account, id, visit, owed)
    expect(await stores.postgres.replica.bulkPut(Account, [image!], anyEpoch)).toEqual([{ put: 'applied' }])
    expect(await sweepOnce(stores, 'mongo')).toBe(0)
    const { authority, mirror } = await both(stores, 'mongo', id)
    expect(authority).toMatchObject({ record: { email: `${id}@new.example`, visits: 1 } })
    expect(mirror).toEqual(authority)
  })
})

test('a record that is not above its own delete yet is no conflict with the mirror, which has the delete [recreate-same-id]', async () => {
  const id = newId()
  const { authority, ledger } = stores.mongo
  await authority.create(Account, account(id), owed)
  const gone = await authority.delete(Account, id, owed)
  expect(await sweepOnce(stores, 'mongo')).toBe(0)
  // As a create leaves it between its insert and its look for what was deleted
  const _cf = { epoch: 1, at: gone!.version.counter - 5, n: 0, pending: new Date() }
  const accounts = stores.mongo.connection.db.collection<{ _id: string }>('accounts')
  await accounts.insertOne({ _id: id, email: 'again@example.org', _cf } as never)
  await sweepOnce(stores, 'mongo')
  expect(await sweepOnce(stores, 'mongo')).toBe(0)
  const { authority: present, mirror } = await both(stores, 'mongo', id)
  expect(present).toMatchObject({ record: { email: 'again@example.org' } })
  expect(present!.version.counter).toBeGreaterThan(gone!.version.counter)
  expect(mirror).toEqual(present)
  expect(await ledger.tail(conflictLog, 1, `Account/${id}`)).toEqual([])
})
