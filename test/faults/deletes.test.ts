import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { planPatch } from '../../src/query/patch.ts'
import { bump } from '../../src/stores/mongo/bookkeeping.ts'
import type { Image } from '../../src/stores/store.ts'
import { Account, account, both, directions, newId, openAccounts, owed, sweepOnce } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import type { TestStores } from '../support/stores.ts'

let stores: TestStores

beforeAll(async () => {
  stores = await openAccounts()
})

afterAll(() => stores.close())

describe.each(directions)('Deletes, authority $from', ({ from, to }) => {
  /** A record that both stores have. */
  async function mirrored(): Promise<{ id: string; image: Image }> {
    const id = newId()
    const image = await stores[from].authority.create(Account, account(id, { tags: ['a'] }), owed)
    await sweepOnce(stores, from)
    return { id, image }
  }

  const put = (...images: Image[]): Promise<readonly object[]> => stores[to].replica.bulkPut(Account, images, anyEpoch)

  test('a put that comes after the delete changes nothing [put-vs-delete]', async () => {
    const { id, image } = await mirrored()
    const changed = await stores[from].authority.patch(Account, id, planPatch(Account, { visits: 1 }), owed)
    const gone = await stores[from].authority.delete(Account, id, owed)
    expect(await put(gone!)).toEqual([{ put: 'applied' }])
    expect(await put(changed!)).toEqual([{ put: 'late' }])
    expect(await put(image)).toEqual([{ put: 'late' }])
    expect((await both(stores, from, id)).mirror).toEqual({ version: gone!.version, record: null })
    expect(
      (
        await stores[to].reader.byIds(Account, [id], {
          key: '',
          tag: '',
          paths: [],
          leaves: [],
          embeds: [],
          lists: [],
          nodes: [],
        })
      ).size,
    ).toBe(0)
  })

  test('a put and a delete at once leave no record, whoever comes first [put-vs-delete]', async () => {
    const rounds = Array.from({ length: 30 }, async () => {
      const id = newId()
      const { authority } = stores[from]
      const image = await authority.create(Account, account(id, { tags: ['a', 'b'] }), owed)
      const changed = await authority.patch(Account, id, planPatch(Account, { tags: ['c'] }), owed)
      const gone = await authority.delete(Account, id, owed)
      await Promise.all([put(image), put(gone!), put(changed!)])
      expect((await both(stores, from, id)).mirror).toEqual({ version: gone!.version, record: null })
    })
    await Promise.all(rounds)
    const { rows } = await stores.postgres.connection.pool.query(
      'select from account_tags where not exists (select from accounts where id = parent_id)',
    )
    expect(rows).toEqual([])
  })

  test('a delete that comes after the record was created again changes nothing [put-vs-delete]', async () => {
    const { id } = await mirrored()
    const gone = await stores[from].authority.delete(Account, id, owed)
    const again = await stores[from].authority.create(Account, account(id, { visits: 2 }), owed)
    expect(await put(again)).toEqual([{ put: 'applied' }])
    expect(await put(gone!)).toEqual([{ put: 'late' }])
    expect(await sweepOnce(stores, from)).toBe(0)
    const { authority, mirror } = await both(stores, from, id)
    expect(authority).toMatchObject({ version: again.version })
    expect(mirror).toEqual(authority)
  })

  test('a delete of a record that the mirror never had still stops its late put [put-vs-delete]', async () => {
    const id = newId()
    const image = await stores[from].authority.create(Account, account(id), owed)
    const gone = await stores[from].authority.delete(Account, id, owed)
    expect(await put(gone!)).toEqual([{ put: 'applied' }])
    expect(await put(gone!)).toEqual([{ put: 'late' }])
    expect(await put(image)).toEqual([{ put: 'late' }])
    expect(await sweepOnce(stores, from)).toBe(0)
    expect((await both(stores, from, id)).mirror).toEqual({ version: gone!.version, record: null })
  })

  test('a delete and an older record of the same batch leave no record [put-vs-delete]', async () => {
    const { id } = await mirrored()
    const other = newId()
    const image = await stores[from].authority.create(Account, account(other), owed)
    const gone = await stores[from].authority.delete(Account, id, owed)
    expect(await put(gone!, image)).toEqual([{ put: 'applied' }, { put: 'applied' }])
    expect((await both(stores, from, id)).mirror).toMatchObject({ record: null })
    expect((await both(stores, from, other)).mirror).toMatchObject({ version: image.version })
  })

  test('children go with their record, and come back with it [cte-children]', async () => {
    const { id } = await mirrored()
    const gone = await stores[from].authority.delete(Account, id, owed)
    await put(gone!)
    const again = await stores[from].authority.create(Account, account(id, { tags: ['x', 'y'] }), owed)
    await put(again)
    expect((await both(stores, from, id)).mirror).toMatchObject({ record: { tags: ['x', 'y'] } })
    const changed = await stores[from].authority.patch(Account, id, planPatch(Account, { tags: ['z'] }), owed)
    await put(changed!)
    await put(again)
    expect((await both(stores, from, id)).mirror).toMatchObject({ record: { tags: ['z'] } })
    const rows = await stores.postgres.connection.run(sql`select value from account_tags where parent_id = ${id}`)
    expect(rows).toEqual([{ value: 'z' }])
  })
})

describe('A delete in MongoDB that was cut off after its mark [delete-vs-sweep]', () => {
  const accounts = () => stores.mongo.connection.db.collection<{ _id: string }>('accounts')

  /** The first of the delete's steps, and no more. */
  async function mark(id: string): Promise<void> {
    await accounts().updateOne({ _id: id }, [{ $set: { _cf: bump(owed, { deleted: true }) } }])
  }

  test('is not seen by readers, and the sweep finishes it', async () => {
    const id = newId()
    const { version } = await stores.mongo.authority.create(Account, account(id), owed)
    await sweepOnce(stores, 'mongo')
    await mark(id)
    const fields = { key: '', tag: '', paths: [], leaves: [], embeds: [], lists: [], nodes: [] }
    expect((await stores.mongo.reader.byIds(Account, [id], fields)).size).toBe(0)
    expect(await stores.mongo.authority.patch(Account, id, planPatch(Account, { visits: 1 }), owed)).toBeNull()
    expect(await sweepOnce(stores, 'mongo')).toBe(0)
    const tombstone = { version: { epoch: 1, counter: version.counter + 1 }, record: null }
    expect(await both(stores, 'mongo', id)).toEqual({ authority: tombstone, mirror: tombstone })
    expect(await accounts().findOne({ _id: id })).toBeNull()
  })

  test('is taken over by a create of the same id, whose version goes on growing', async () => {
    const id = newId()
    const { version } = await stores.mongo.authority.create(Account, account(id, { tags: ['old'] }), owed)
    await mark(id)
    const again = await stores.mongo.authority.create(Account, account(id, { visits: 3 }), owed)
    expect(again.version).toEqual({ epoch: 1, counter: version.counter + 2 })
    expect(again.record).toMatchObject({ visits: 3, tags: null })
    expect(await sweepOnce(stores, 'mongo')).toBe(0)
    const { authority, mirror } = await both(stores, 'mongo', id)
    expect(authority).toEqual({ version: again.version, record: again.record })
    expect(mirror).toEqual(authority)
  })

  test('is finished without a mirror, too, and needs no tombstone then', async () => {
    const id = newId()
    const off = { epoch: 1, owed: false }
    await stores.mongo.authority.create(Account, account(id), off)
    await accounts().updateOne({ _id: id }, [{ $set: { _cf: bump(off, { deleted: true }) } }])
    expect(await stores.mongo.authority.settleHidden(Account, false)).toBe(1)
    expect(await accounts().findOne({ _id: id })).toBeNull()
    expect(await stores.mongo.outbox.images(Account, [id])).toEqual([])
    expect(await stores.mongo.authority.settleHidden(Account, false)).toBe(0)
  })

  test('is owed where another program has set the mark, above what the mirror has', async () => {
    const id = newId()
    const { version } = await stores.mongo.authority.create(Account, account(id), owed)
    await sweepOnce(stores, 'mongo')
    await accounts().updateOne({ _id: id }, { $set: { '_cf.deleted': true } })
    // Whoever looks at it leaves it to those who know of the mirror
    expect(await stores.mongo.outbox.images(Account, [id])).toMatchObject([{ version, record: null }])
    expect(await stores.mongo.authority.settleHidden(Account, true)).toBe(1)
    expect(await accounts().findOne({ _id: id })).toBeNull()
    expect(await sweepOnce(stores, 'mongo')).toBe(0)
    const gone = { version: { epoch: 1, counter: version.counter + 1 }, record: null }
    expect(await both(stores, 'mongo', id)).toEqual({ authority: gone, mirror: gone })
  })

  test('gives its unique values to whoever wants them [create-vs-delete]', async () => {
    const [id, other, third] = [newId(), newId(), newId()]
    await stores.mongo.authority.create(Account, account(id, { email: 'one@example.org' }), owed)
    await mark(id)
    const made = await stores.mongo.authority.create(Account, account(other, { email: 'one@example.org' }), owed)
    expect(made.record).toMatchObject({ email: 'one@example.org' })
    await mark(other)
    await stores.mongo.authority.create(Account, account(third), owed)
    const patch = planPatch(Account, { email: 'one@example.org' })
    expect(await stores.mongo.authority.patch(Account, third, patch, owed)).toMatchObject({ id: third })
    const taken = stores.mongo.authority.create(Account, account(newId(), { email: 'one@example.org' }), owed)
    await expect(taken).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await sweepOnce(stores, 'mongo')).toBe(0)
    expect((await both(stores, 'mongo', id)).mirror).toMatchObject({ record: null })
  })

  test('does not remove the record that took its place', async () => {
    const id = newId()
    await stores.mongo.authority.create(Account, account(id), owed)
    await mark(id)
    const [tombstone] = await stores.mongo.outbox.images(Account, [id])
    const again = await stores.mongo.authority.create(Account, account(id, { visits: 3 }), owed)
    // A sweep elsewhere still has the tombstone in its hands
    await stores.postgres.replica.bulkPut(Account, [tombstone!], anyEpoch)
    await stores.mongo.outbox.clear(Account, [{ id, version: tombstone!.version, deleted: true }])
    expect(await sweepOnce(stores, 'mongo')).toBe(0)
    const { authority, mirror } = await both(stores, 'mongo', id)
    expect(authority).toEqual({ version: again.version, record: again.record })
    expect(mirror).toEqual(authority)
  })
})
