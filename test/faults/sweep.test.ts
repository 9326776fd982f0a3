import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { conflictLog } from '../../src/mirror/conflicts.ts'
import { deadLetterKind } from '../../src/mirror/dead-letters.ts'
import { increment } from '../../src/query/operations.ts'
import { planPatch } from '../../src/query/patch.ts'
import type { Image } from '../../src/stores/store.ts'
import {
  Account,
  account,
  both,
  directions,
  loseUnique,
  makeUnique,
  newId,
  openAccounts,
  owed,
  sweepOnce,
} from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { emptyStores, type TestStores } from '../support/stores.ts'

let stores: TestStores

beforeAll(async () => {
  stores = await openAccounts()
})

beforeEach(() => emptyStores(stores))

afterEach(async () => {
  await emptyStores(stores)
  await makeUnique(stores)
})

afterAll(() => stores.close())

const visit = planPatch(Account, { visits: increment(1) })

describe.each(directions)('The sweep, authority $from', ({ from, to }) => {
  const create = (id: string, values = {}): Promise<Image> =>
    stores[from].authority.create(Account, account(id, values), owed)
  const patch = async (id: string, values: Record<string, unknown>): Promise<Image> =>
    (await stores[from].authority.patch(Account, id, planPatch(Account, values), owed))!
  const emailIn = async (origin: 'mongo' | 'postgres', id: string): Promise<unknown> =>
    (await stores[origin].outbox.images(Account, [id]))[0]?.record?.['email']
  const isEqual = async (id: string): Promise<void> => {
    const { authority, mirror } = await both(stores, from, id)
    expect(mirror).toEqual(authority)
  }

  test('mirrors what is owed, and a second round changes nothing', async () => {
    const ids = [newId(), newId(), newId()]
    for (const id of ids) await create(id, { tags: [id] })
    await stores[from].authority.delete(Account, ids[1]!, owed)
    expect(await stores[from].outbox.backlog(Account)).toMatchObject({ count: 3 })
    expect(await sweepOnce(stores, from)).toBe(0)
    const states = await Promise.all(ids.map((id) => both(stores, from, id)))
    for (const { authority, mirror } of states) expect(mirror).toEqual(authority)
    expect(await sweepOnce(stores, from)).toBe(0)
    expect(await Promise.all(ids.map((id) => both(stores, from, id)))).toEqual(states)
    expect(await stores[from].outbox.backlog(Account)).toEqual({ count: 0, oldest: null, oldestMs: 0 })
  })

  test('a hot record keeps the age of its first owed write', async () => {
    const id = newId()
    await create(id)
    const { oldest } = await stores[from].outbox.backlog(Account)
    await stores[from].authority.patch(Account, id, visit, owed)
    await stores[from].authority.patch(Account, id, visit, owed)
    expect((await stores[from].outbox.backlog(Account)).oldest).toEqual(oldest)
    expect(await stores[from].outbox.owed(Account, 60_000, 10)).toEqual([])
    expect(await stores[from].outbox.owed(Account, 0, 10)).toEqual([id])
  })

  test('marks are cleared only at the version that was mirrored', async () => {
    const id = newId()
    const first = await create(id)
    const second = await patch(id, { visits: 1 })
    await stores[from].outbox.clear(Account, [{ id, version: first.version, deleted: false }])
    expect(await stores[from].outbox.owed(Account, 0, 10)).toEqual([id])
    await stores[from].outbox.clear(Account, [{ id, version: second.version, deleted: false }])
    expect(await stores[from].outbox.owed(Account, 0, 10)).toEqual([])
  })

  test('marks of deletes are cleared only at the version that was mirrored', async () => {
    const id = newId()
    const { version } = await create(id)
    const gone = await stores[from].authority.delete(Account, id, owed)
    await stores[from].outbox.clear(Account, [{ id, version, deleted: false }])
    await stores[from].outbox.clear(Account, [{ id, version, deleted: true }])
    expect(await stores[from].outbox.owed(Account, 0, 10)).toEqual([id])
    await stores[from].outbox.clear(Account, [{ id, version: gone!.version, deleted: true }])
    expect(await stores[from].outbox.owed(Account, 0, 10)).toEqual([])
  })

  test('clearing never passes a write that is under way', async () => {
    const id = newId()
    let image = await create(id, { visits: 0 })
    for (let round = 0; round < 15; round++) {
      const clearing = stores[from].outbox.clear(Account, [{ id, version: image.version, deleted: false }])
      const writing = patch(id, { visits: increment(1) })
      image = await writing
      await clearing
      expect(await stores[from].outbox.owed(Account, 0, 10)).toEqual([id])
    }
  })

  test('puts that arrive late or out of order change nothing', async () => {
    const id = newId()
    const images = [await create(id, { tags: ['a'] }), await patch(id, { visits: 1 }), await patch(id, { tags: ['b'] })]
    const put = (image: Image): Promise<readonly object[]> => stores[to].replica.bulkPut(Account, [image], anyEpoch)
    expect(await put(images[1]!)).toEqual([{ put: 'applied' }])
    expect(await put(images[0]!)).toEqual([{ put: 'late' }])
    expect(await put(images[2]!)).toEqual([{ put: 'applied' }])
    expect(await put(images[2]!)).toEqual([{ put: 'late' }])
    expect(await put(images[1]!)).toEqual([{ put: 'late' }])
    await isEqual(id)
    expect(await sweepOnce(stores, from)).toBe(0)
  })

  test("another owner's claim stops the sweep, and never a write [claim-vs-write]", async () => {
    const id = newId()
    await create(id)
    expect(await stores[from].ledger.claim(`sweep/${Account.name}`, 'other', 60_000)).toBe(true)
    expect(await sweepOnce(stores, from)).toBe(1)
    expect((await both(stores, from, id)).mirror).toBeUndefined()
    expect((await patch(id, { visits: 1 })).record).toMatchObject({ visits: 1 })
    await stores[from].authority.delete(Account, id, owed)
    expect(await stores[from].ledger.claim(`sweep/${Account.name}`, 'third', 60_000)).toBe(false) // it held all the while
    await stores[from].ledger.release(`sweep/${Account.name}`, 'other')
    expect(await sweepOnce(stores, from)).toBe(0)
    await isEqual(id)
  })

  test('a claim that expired is taken over [claim-vs-write]', async () => {
    const id = newId()
    await create(id)
    await stores[from].ledger.claim(`sweep/${Account.name}`, 'dead', 1)
    await new Promise((done) => setTimeout(done, 20))
    expect(await sweepOnce(stores, from)).toBe(0)
    await isEqual(id)
  })

  test('writes go on while a put waits for a slow mirror [claim-vs-write]', async () => {
    const id = newId()
    await create(id)
    const reached = Promise.withResolvers<void>()
    const slow = Promise.withResolvers<void>()
    const { replica } = stores[to]
    const bulkPut: typeof replica.bulkPut = async (entity, images) => {
      reached.resolve()
      await slow.promise
      return replica.bulkPut(entity, images, anyEpoch)
    }
    const slowed = { ...stores, [to]: { ...stores[to], replica: { ...replica, bulkPut } } }
    const sweeping = sweepOnce(slowed, from)
    await reached.promise
    expect((await patch(id, { visits: 1 })).record).toMatchObject({ visits: 1 })
    slow.resolve()
    expect(await sweeping).toBe(1) // the newer version is still owed
    expect(await sweepOnce(stores, from)).toBe(0)
    await isEqual(id)
  })

  test('a mirror that is ahead is kept as a conflict, and the authority put above it [mirror-ahead]', async () => {
    const id = newId()
    const { version } = await create(id, { visits: 1 })
    const ahead = { epoch: 1, counter: version.counter + 10 }
    const record = account(id, { visits: 99 })
    const image = { id, version: ahead, pending: false, record, rest: null, issues: [] }
    await stores[to].replica.bulkPut(Account, [image], anyEpoch)
    expect(await sweepOnce(stores, from)).toBe(1)
    expect(await sweepOnce(stores, from)).toBe(0)
    const { authority, mirror } = await both(stores, from, id)
    expect(authority).toMatchObject({ version: { epoch: 1, counter: ahead.counter + 1 }, record: { visits: 1 } })
    expect(mirror).toEqual(authority)
    const conflicts = await stores[from].ledger.tail(conflictLog, 10)
    expect(conflicts).toHaveLength(1)
    expect(conflicts[0]).toMatchObject({
      key: `Account/${id}`,
      value: { mirror: to, version: `1.${ahead.counter}`, record: { id, visits: 99 } },
    })
  })

  test('a mirror of the same version with other content is a conflict too [mirror-ahead]', async () => {
    const id = newId()
    const image = await create(id, { visits: 1 })
    await stores[to].replica.bulkPut(Account, [{ ...image, record: account(id, { visits: 98 }) }], anyEpoch)
    await sweepOnce(stores, from)
    expect(await sweepOnce(stores, from)).toBe(0)
    await isEqual(id)
    expect((await both(stores, from, id)).mirror).toMatchObject({ record: { visits: 1 } })
    expect(await stores[from].ledger.length(conflictLog, `Account/${id}`)).toBe(1)
  })

  test('a mirror that is ahead of a delete is kept as a conflict, and then deleted [mirror-ahead]', async () => {
    const id = newId()
    const image = await create(id)
    const gone = await stores[from].authority.delete(Account, id, owed)
    const ahead = { epoch: 1, counter: gone!.version.counter + 10 }
    await stores[to].replica.bulkPut(Account, [{ ...image, version: ahead }], anyEpoch)
    await sweepOnce(stores, from)
    expect(await sweepOnce(stores, from)).toBe(0)
    const tombstone = { version: { epoch: 1, counter: ahead.counter + 1 }, record: null }
    expect(await both(stores, from, id)).toEqual({ authority: tombstone, mirror: tombstone })
    expect(await stores[from].ledger.length(conflictLog, `Account/${id}`)).toBe(1)
  })

  test('a mirror that wrongly deleted gives the record back [mirror-ahead]', async () => {
    const id = newId()
    const image = await create(id, { visits: 1 })
    const ahead = { epoch: 1, counter: image.version.counter + 10 }
    await stores[to].replica.bulkPut(Account, [{ ...image, version: ahead, record: null }], anyEpoch)
    await sweepOnce(stores, from)
    expect(await sweepOnce(stores, from)).toBe(0)
    await isEqual(id)
    expect((await both(stores, from, id)).mirror).toMatchObject({ record: { visits: 1 } })
  })

  test.each([2, 3, 5])(
    'a cycle of %i records that exchange unique values reaches the mirror [swap-unique]',
    async (length) => {
      const ids = Array.from({ length }, newId)
      for (const id of ids) await create(id)
      await sweepOnce(stores, from)
      await patch(ids[0]!, { email: 'free@example.org' })
      for (let n = length - 1; n > 0; n--) await patch(ids[n]!, { email: `next-${n}@example.org` })
      for (let n = 0; n < length; n++) await patch(ids[n]!, { email: `${ids[(n + 1) % length]}@example.org` })
      for (let rounds = 0; rounds < 3 && (await sweepOnce(stores, from)) > 0; rounds++);
      for (const [n, id] of ids.entries()) {
        await isEqual(id)
        expect(await emailIn(to, id)).toBe(`${ids[(n + 1) % length]}@example.org`)
      }
      expect(await stores[from].ledger.list(deadLetterKind)).toEqual([])
      expect(await stores[from].outbox.backlog(Account)).toMatchObject({ count: 0 })
    },
  )

  test('a put that needs a value which another record gave up pulls that record along [swap-unique]', async () => {
    const [a, b] = [newId(), newId()]
    await create(a)
    await create(b)
    await sweepOnce(stores, from)
    await patch(a, { email: `gone-${a}@example.org` })
    const image = await patch(b, { email: `${a}@example.org` })
    const [outcome] = await stores[to].replica.bulkPut(Account, [image], anyEpoch)
    expect(outcome).toMatchObject({ put: 'blocked', by: [a] })
    expect(await sweepOnce(stores, from)).toBe(0)
    await isEqual(a)
    await isEqual(b)
  })

  test('null is no unique value, so it stands in nobody way [swap-unique]', async () => {
    const [a, b, c] = [newId(), newId(), newId()]
    await create(a)
    await create(b)
    await create(c, { email: `${c}@example.org` })
    await sweepOnce(stores, from)
    await patch(a, { email: `free-${a}@example.org` })
    await patch(b, { email: `${a}@example.org` })
    await patch(a, { email: `${b}@example.org` })
    expect(await sweepOnce(stores, from)).toBe(0)
    for (const id of [a, b, c]) await isEqual(id)
  })

  /** Two records of the authority, which has lost its unique index, with one address: the mirror has room for one. */
  async function collision(): Promise<{ holder: string; id: string }> {
    const [holder, id] = [newId(), newId()]
    await create(holder, { email: `${id}@example.org` })
    await sweepOnce(stores, from)
    await loseUnique(stores, from)
    await create(id)
    return { holder, id }
  }

  test('what the mirror alone has gives way, and is kept in conflicts', async () => {
    const [stray, id] = [newId(), newId()]
    const record = account(stray, { email: `${id}@example.org` })
    const version = { epoch: 1, counter: 5 }
    await stores[to].replica.bulkPut(
      Account,
      [{ id: stray, version, pending: false, record, rest: null, issues: [] }],
      anyEpoch,
    )
    await create(id)
    expect(await sweepOnce(stores, from)).toBe(0)
    await isEqual(id)
    expect((await both(stores, from, stray)).mirror).toEqual({ version: { epoch: 1, counter: 6 }, record: null })
    const [kept] = await stores[from].ledger.tail(conflictLog, 1)
    expect(kept).toMatchObject({ key: `Account/${stray}`, value: { mirror: to, version: '1.5', authority: 'none' } })
  })

  test('what stands in the way of a record that is in the way gives way as well', async () => {
    const [stray, holder, id] = [newId(), newId(), newId()]
    const email = `blue-${id}@example.org`
    await create(holder, { email: `${id}@example.org` })
    await sweepOnce(stores, from)
    const unseen = { pending: false, record: account(stray, { email }), rest: null, issues: [] }
    const version = { epoch: 1, counter: 5 }
    await stores[to].replica.bulkPut(Account, [{ id: stray, version, ...unseen }], anyEpoch)
    // As a write without a mirror leaves it: nobody owes it
    await stores[from].authority.patch(Account, holder, planPatch(Account, { email }), { ...owed, owed: false })
    await create(id)
    expect(await sweepOnce(stores, from)).toBe(0)
    await isEqual(holder)
    await isEqual(id)
    expect((await both(stores, from, stray)).mirror?.record).toBeNull()
    expect(await stores[from].ledger.list(deadLetterKind)).toEqual([])
  })

  test('what the authority has deleted unseen gives way as well', async () => {
    const [gone, id] = [newId(), newId()]
    await create(gone, { email: `${id}@example.org` })
    const { version } = (await stores[from].authority.delete(Account, gone, owed))!
    await sweepOnce(stores, from)
    const newer = { epoch: version.epoch, counter: version.counter + 10 }
    const record = account(gone, { email: `${id}@example.org` })
    await stores[to].replica.bulkPut(
      Account,
      [{ id: gone, version: newer, pending: false, record, rest: null, issues: [] }],
      anyEpoch,
    )
    await create(id)
    await sweepOnce(stores, from)
    expect(await sweepOnce(stores, from)).toBe(0)
    await isEqual(id)
    await isEqual(gone)
    expect((await stores[from].ledger.tail(conflictLog, 1))[0]).toMatchObject({ key: `Account/${gone}` })
  })

  test('a collision that stays is a dead letter, and counts as owed', async () => {
    const { holder, id } = await collision()
    expect(await sweepOnce(stores, from)).toBe(1)
    expect(await sweepOnce(stores, from)).toBe(1)
    const letters = await stores[from].ledger.list(deadLetterKind)
    expect(letters).toHaveLength(1)
    expect(letters[0]).toMatchObject({ key: `Account/${id}`, value: { by: [holder] } })
    expect((await both(stores, from, id)).mirror).toBeUndefined()
  })

  test('a dead letter does not keep others waiting', async () => {
    await collision()
    await sweepOnce(stores, from)
    const other = newId()
    await create(other)
    expect(await sweepOnce(stores, from)).toBe(1)
    await isEqual(other)
  })

  test('a dead letter goes when the sweep gets it through', async () => {
    const { holder, id } = await collision()
    await sweepOnce(stores, from)
    await stores[from].authority.delete(Account, holder, owed)
    expect(await sweepOnce(stores, from)).toBe(0)
    expect(await stores[from].ledger.list(deadLetterKind)).toEqual([])
    await isEqual(id)
  })

  test('a dead letter goes when a later put of the record got through by itself', async () => {
    const { id } = await collision()
    await sweepOnce(stores, from)
    const image = await patch(id, { email: `other-${id}@example.org` })
    expect(await stores[to].replica.bulkPut(Account, [image], anyEpoch)).toEqual([{ put: 'applied' }])
    await stores[from].outbox.clear(Account, [{ id, version: image.version, deleted: false }])
    expect(await sweepOnce(stores, from)).toBe(0)
    expect(await stores[from].ledger.list(deadLetterKind)).toEqual([])
  })
})
