import type { Document } from 'mongodb'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { initialFlag } from '../../src/control/flag.ts'
import { ledgersOf, raiseFlag } from '../../src/control/flag-store.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { tombstoneOf } from '../../src/mirror/tombstone-of.ts'
import { planPatch } from '../../src/query/patch.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { mirrored } from '../../src/stores/mongo/bookkeeping.ts'
import type { Image, Reader } from '../../src/stores/store.ts'
import { Account, account, both, directions, newId, openAccounts, owed, sweepOnce } from '../support/account.ts'
import { emptyStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openAccounts()
})
beforeEach(() => emptyStores(stores))
afterAll(() => stores.close())

/** Both copies of the flag are of this epoch from now on. */
async function flagAt(epoch: number, stage: Stage, revision = epoch): Promise<void> {
  const flag = { ...initialFlag('Account'), epoch, stage, revision, fresh: epoch }
  for (const ledger of Object.values(ledgersOf(stores))) await raiseFlag(ledger, flag)
}

const overtaken = [{ put: 'overtaken' }]

describe.each(directions)('A put into $to that comes after the epoch it belongs to', ({ from, to }) => {
  const put = (image: Image, under: number) => stores[to].replica.bulkPut(Account, [image], under)

  test('brings nothing back, though no tombstone is left of what was deleted', async () => {
    const id = newId()
    const image = await stores[from].authority.create(Account, account(id), owed)
    await flagAt(4, 'off')
    expect(await put(image, 3)).toEqual(overtaken)
    expect((await both(stores, from, id)).mirror).toBeUndefined()
    expect(await stores[to].replica.settleArriving(Account, 0)).toBe(0)
    expect(await put(image, 4)).toEqual([{ put: 'applied' }])
  })

  test('takes away no record that the other store had not at the time', async () => {
    const id = newId()
    const own = await stores[to].authority.create(Account, account(id, { visits: 1 }), owed)
    await flagAt(4, 'off')
    expect(await put(tombstoneOf(own), 3)).toEqual(overtaken)
    expect((await both(stores, to, id)).authority).toEqual({ version: own.version, record: own.record })
    expect(await put(tombstoneOf(own), 4)).toEqual([{ put: 'applied' }])
  })

  test('leaves what it owes for the next round, which knows the flag', async () => {
    const id = newId()
    await stores[from].authority.create(Account, account(id), owed)
    await flagAt(4, from === 'mongo' ? 'shadow' : 'live')
    expect(await sweepOnce(stores, from, 'test', undefined, 3)).toBe(1)
    expect((await both(stores, from, id)).mirror).toBeUndefined()
    expect(await sweepOnce(stores, from, 'test', undefined, 4)).toBe(0)
    expect((await both(stores, from, id)).mirror).toMatchObject({ record: { id } })
  })

  test.each([
    ['copies', from],
    ['looks for what has gone', to],
  ])('a copy that %s ends, and takes nothing of another epoch [copy-vs-move]', async (_, scanned) => {
    const [before, after] = from === 'mongo' ? (['shadow', 'live'] as const) : (['live', 'shadow'] as const)
    const [changed, made] = [newId(), newId()]
    await flagAt(4, before)
    await stores[from].authority.create(Account, account(changed), { ...owed, epoch: 4 })
    async function move(): Promise<void> {
      await sweepOnce(stores, from)
      await flagAt(5, after)
      await stores[to].authority.create(Account, account(made), { ...owed, epoch: 5 })
      await stores[to].authority.patch(Account, changed, planPatch(Account, { visits: 9 }), { ...owed, epoch: 5 })
    }
    const { reader } = stores[scanned]
    let moved: Promise<void> | undefined
    const stream: Reader['stream'] = async function* (...given) {
      await (moved ??= move())
      yield* reader.stream(...given)
    }
    const ids: Reader['ids'] = async (...given) => {
      await (moved ??= move())
      return reader.ids(...given)
    }
    const moving = { ...stores, [scanned]: { ...stores[scanned], reader: { ...reader, stream, ids } } }
    await expect(backfill({ stores: moving, entity: Account })).rejects.toMatchObject({
      code: 'TRY_AGAIN',
      message: 'The stage of Account was changed meanwhile: run it again.',
    })
    expect((await both(stores, to, made)).authority).toMatchObject({ version: { epoch: 5 }, record: { id: made } })
    expect((await both(stores, to, changed)).authority).toMatchObject({ version: { epoch: 5 }, record: { visits: 9 } })
    expect(await stores[from].ledger.length('conflict')).toBe(0)
  })
})

describe('A document that a put has inserted where authority has gone meanwhile [put-vs-move]', () => {
  /** As a put leaves it that comes late, and whose sender waits for no answer any more. */
  async function arrives(): Promise<{ id: string; email: string }> {
    const id = newId()
    const email = `${id}@example.org`
    const _cf = { ...mirrored({ epoch: 3, counter: 1 }), arriving: { since: new Date(), under: 3 } }
    await stores.mongo.connection.collection(Account).insertOne({ _id: id, email, tags: [], _cf } as Document)
    return { id, email }
  }
  const stored = (id: string) => stores.mongo.connection.db.collection<{ _id: string }>('accounts').findOne({ _id: id })
  const stamp = { epoch: 4, owed: false }
  beforeEach(() => flagAt(4, 'off'))

  test('is removed, though the type has no mirror', async () => {
    const { id } = await arrives()
    expect(await stores.mongo.authority.settleHidden(Account, true)).toBe(1)
    expect(await stored(id)).toBeNull()
  })

  test('keeps its id from nobody', async () => {
    const { id } = await arrives()
    await stores.mongo.authority.create(Account, account(id, { visits: 1 }), stamp)
    expect(await stored(id)).toMatchObject({ visits: 1, _cf: { epoch: 4 } })
  })

  test('keeps its unique values from nobody', async () => {
    const [{ id, email }, other] = [await arrives(), newId()]
    await stores.mongo.authority.create(Account, account(other, { email }), stamp)
    expect(await stored(id)).toBeNull()
    expect(await stored(other)).toMatchObject({ email })
  })

  test('keeps neither from a transaction, which is to be tried again', async () => {
    const arrived = await arrives()
    const rename = newId()
    const records = [account(arrived.id), account(rename, { email: (await arrives()).email })]
    for (const record of records) {
      const create = () =>
        stores.mongo.authority.together(
          ({ create }) => create(Account, record, stamp),
          () => undefined,
        )
      await expect(create()).rejects.toMatchObject({ code: 'TRY_AGAIN' })
      expect(await create()).toMatchObject({ record: { id: record.id } })
    }
  })
})
