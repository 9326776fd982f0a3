import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Id } from '../../src/entity/entity.ts'
import { fieldSet } from '../../src/entity/field-set.ts'
import { planPatch } from '../../src/query/patch.ts'
import { everything } from '../../src/query/where.ts'
import { bulkPut } from '../../src/stores/mongo/bulk-put.ts'
import { keepTombstone } from '../../src/stores/mongo/tombstone.ts'
import type { Image } from '../../src/stores/store.ts'
import { Account, account, newId, openAccounts, owed, sweepOnce } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { aroundInserts } from '../support/around-inserts.ts'
import type { TestStores } from '../support/stores.ts'

let stores: TestStores

beforeAll(async () => {
  stores = await openAccounts()
})
afterAll(() => stores?.close())

class CutOff extends Error {}

const cutOff = (): Promise<never> => Promise.reject(new CutOff('the process ended'))

/** A put that ends behind its insert, as with its process. */
async function insertAlone(image: Image, before?: () => Promise<unknown>): Promise<void> {
  const behind = cutOff
  // Its fault is this record's alone
  expect(
    await bulkPut(aroundInserts(stores, { behind, ...(before && { before }) }), Account, [image], anyEpoch),
  ).toMatchObject([{ put: 'refused' }])
}

const put = (image: Image): Promise<readonly object[]> => stores.mongo.replica.bulkPut(Account, [image], anyEpoch)

async function seen(id: Id): Promise<readonly unknown[]> {
  const { reader } = stores.mongo
  const fields = fieldSet(Account, ['visits'])
  const where = { op: 'eq', path: 'id', value: id } as const
  const order = [{ path: 'id', direction: 'asc' }] as const
  const [byIds, page, scanned] = await Promise.all([
    reader.byIds(Account, [id], fields),
    reader.query(Account, { where, order, limit: 5, fields }),
    reader.scan(Account, { after: null, limit: 1_000 }),
  ])
  const per = await reader.queryPer(Account, {
    path: 'id',
    values: [id, 'nobody'],
    where: everything,
    order,
    limit: 5,
    fields,
  })
  const counted = await reader.countPer(Account, 'id', [id], everything)
  return [
    byIds.get(id)?.record,
    page[0]?.record,
    per.get(id)?.[0]?.record,
    scanned.images.find((image) => image.id === id)?.id,
    await reader.count(Account, where),
    counted.get(id) ?? 0,
  ]
}
const nothing = [undefined, undefined, undefined, undefined, 0, 0]

const stored = (id: Id) =>
  stores.mongo.connection.db.collection<{ _id: string }>('accounts').findOne({ _id: String(id) })

/** A record of PostgreSQL, as it was created, changed and deleted; MongoDB has heard of none of it. */
async function lifeOf(id: string): Promise<Record<'created' | 'changed' | 'gone', Image>> {
  const { authority } = stores.postgres
  const created = await authority.create(Account, account(id, { visits: 1 }), owed)
  const changed = await authority.patch(Account, id, planPatch(Account, { visits: 2 }), owed)
  const gone = await authority.delete(Account, id, owed)
  return { created, changed: changed!, gone: gone! }
}

describe('A put that was cut off behind its insert [put-vs-delete-mongo]', () => {
  test('leaves what nobody sees, and is counted by nobody', async () => {
    const id = newId()
    const image = await stores.postgres.authority.create(Account, account(id, { visits: 1 }), owed)
    const before = await stores.mongo.reader.count(Account, everything)
    await insertAlone(image)
    expect(await stored(id)).toMatchObject({ visits: 1, _cf: { arriving: { since: expect.any(Date) } } })
    expect(await seen(id)).toEqual(nothing)
    expect(await stores.mongo.reader.count(Account, everything)).toBe(before)
    expect(await stores.mongo.authority.patch(Account, id, planPatch(Account, { visits: 9 }), owed)).toBeNull()
    expect(await stores.mongo.authority.delete(Account, id, owed)).toBeNull()
  })

  test('holds its unique values', async () => {
    const [id, other] = [newId(), newId()]
    await insertAlone(await stores.postgres.authority.create(Account, account(id), owed))
    const taken = { ...(await lifeOf(other)).created }
    const image = { ...taken, record: { ...taken.record!, email: `${id}@example.org` } }
    expect(await put(image)).toEqual([{ put: 'blocked', constraint: 'email', by: [id] }])
  })

  test('is revealed by its age, and not while it may be under way', async () => {
    const id = newId()
    await insertAlone(await stores.postgres.authority.create(Account, account(id, { visits: 1 }), owed))
    expect(await stores.mongo.replica.settleArriving(Account, 60_000)).toBe(0)
    expect(await seen(id)).toEqual(nothing)
    while ((await stores.mongo.replica.settleArriving(Account, 0)) > 0);
    const record = { id, visits: 1 }
    expect(await seen(id)).toEqual([record, record, record, id, 1, 1])
    expect(await stored(id)).not.toHaveProperty('_cf.arriving')
  })

  test('is removed by its age where it was deleted meanwhile', async () => {
    const id = newId()
    const { created, gone } = await lifeOf(id)
    await insertAlone(created, () => put(gone))
    expect(await stored(id)).toMatchObject({ visits: 1 })
    while ((await stores.mongo.replica.settleArriving(Account, 0)) > 0);
    expect(await stored(id)).toBeNull()
  })

  test('is finished by the same put again', async () => {
    const id = newId()
    const image = await stores.postgres.authority.create(Account, account(id, { visits: 1 }), owed)
    await insertAlone(image)
    expect(await put(image)).toEqual([{ put: 'applied' }])
    expect(await stored(id)).not.toHaveProperty('_cf.arriving')
  })

  test('is removed by a delete', async () => {
    const id = newId()
    const { created, gone } = await lifeOf(id)
    await insertAlone(created)
    expect(await put(gone)).toEqual([{ put: 'applied' }])
    expect(await stored(id)).toBeNull()
  })

  test('is settled by the sweep before its store gains authority', async () => {
    const id = newId()
    const image = await stores.postgres.authority.create(Account, account(id, { visits: 1 }), owed)
    await insertAlone(image)
    // Another instance has mirrored it, and was cut off likewise
    await stores.postgres.outbox.clear(Account, [{ id, version: image.version, deleted: false }])
    while ((await sweepOnce(stores, 'postgres')) > 0);
    expect(await stored(id)).toMatchObject({ visits: 1 })
    expect(await stored(id)).not.toHaveProperty('_cf.arriving')
  })
})

describe('A put that a delete has overtaken leaves nothing [put-vs-delete-mongo]', () => {
  test('where the delete came before its insert', async () => {
    const id = newId()
    const { created, gone } = await lifeOf(id)
    expect(await bulkPut(aroundInserts(stores, { before: () => put(gone) }), Account, [created], anyEpoch)).toEqual([
      { put: 'late' },
    ])
    expect(await stored(id)).toBeNull()
  })

  test('where the delete was cut off behind its tombstone', async () => {
    const id = newId()
    const { created, gone } = await lifeOf(id)
    const behind = () => keepTombstone(stores.mongo.connection, Account, id, gone.version, false)
    expect(await bulkPut(aroundInserts(stores, { behind }), Account, [created], anyEpoch)).toEqual([{ put: 'late' }])
    expect(await stored(id)).toBeNull()
  })

  test('where it changes what another put has inserted, and did not live to look at', async () => {
    const id = newId()
    const { created, changed, gone } = await lifeOf(id)
    const before = () => insertAlone(created, () => put(gone))
    expect(await bulkPut(aroundInserts(stores, { before }), Account, [changed], anyEpoch)).toEqual([{ put: 'late' }])
    expect(await stored(id)).toBeNull()
  })

  test('where it changes what a late message of an earlier epoch has written behind the delete [late-packet]', async () => {
    const id = newId()
    const { changed, gone } = await lifeOf(id)
    const ofEarlier = { epoch: 0, owed: true }
    const before = async () => {
      await put(gone)
      // Made ids are not looked up in tombstones, as if whoever sent it were gone
      await stores.mongo.authority.create(Account, account(id, { visits: 9 }), ofEarlier, true)
    }
    expect(await bulkPut(aroundInserts(stores, { before }), Account, [changed], anyEpoch)).toEqual([{ put: 'late' }])
    expect(await stored(id)).toBeNull()
  })

  test('however many of each come at once', async () => {
    const rounds = Array.from({ length: 40 }, async () => {
      const id = newId()
      const { created, changed, gone } = await lifeOf(id)
      await Promise.all([put(changed), put(created), put(gone), put(changed), put(created)])
      while ((await stores.mongo.replica.settleArriving(Account, 0)) > 0);
      return stored(id)
    })
    expect(await Promise.all(rounds)).toEqual(rounds.map(() => null))
  })
})

test('A newer put beside an older one is what is seen in the end', async () => {
  const id = newId()
  const { authority } = stores.postgres
  const created = await authority.create(Account, account(id, { visits: 1 }), owed)
  const changed = await authority.patch(Account, id, planPatch(Account, { visits: 2 }), owed)
  expect(await bulkPut(aroundInserts(stores, { behind: () => put(changed!) }), Account, [created], anyEpoch)).toEqual([
    { put: 'late' },
  ])
  expect(await stored(id)).toMatchObject({ visits: 2 })
  expect(await stored(id)).not.toHaveProperty('_cf.arriving')
})
