import { type Collection, Long } from 'mongodb'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { increment } from '../../src/query/operations.ts'
import { planPatch } from '../../src/query/patch.ts'
import { Account, account, both, newId, openAccounts, owed, sweepOnce } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { emptyStores, type TestStores } from '../support/stores.ts'

interface Raw {
  _id: string
  email?: string
  visits?: number
  _cf?: unknown
}

/** Ahead of every clock here, so that what is expected can be written down. */
const now = 2_000_000_000_000

let stores: TestStores
let raw: Collection<Raw>

beforeAll(async () => {
  stores = await openAccounts()
  raw = stores.mongo.connection.db.collection('accounts')
})
beforeEach(() => emptyStores(stores))
afterAll(() => stores.close())

const visit = planPatch(Account, { visits: increment(1) })

/** A write of a program that has plain update operators alone. */
const stamped = (id: string) =>
  raw.updateOne({ _id: id }, {
    $inc: { visits: 1, '_cf.n': 1 },
    $max: { '_cf.at': Long.fromNumber(now), '_cf.epoch': 1 },
    $min: { '_cf.pending': new Date(now) },
  } as never)

async function stampedTwentyTimes(): Promise<string> {
  const id = newId()
  await stores.mongo.authority.create(Account, account(id, { visits: 0 }), owed)
  for (let times = 0; times < 20; times++) await stamped(id)
  return id
}

const cfOf = async (id: string): Promise<unknown> => (await raw.findOne({ _id: id }))?._cf
const stagesOf = async (id: string): Promise<object> => both(stores, 'mongo', id)

describe('A record that plain operators have stamped twenty times', () => {
  test('is mirrored, and its mark is cleared', async () => {
    const id = await stampedTwentyTimes()
    expect(await sweepOnce(stores, 'mongo')).toBe(0)
    const copy = { version: { epoch: 1, counter: now + 20 }, record: account(id, { visits: 20 }) }
    expect(await stagesOf(id)).toEqual({ authority: copy, mirror: copy })
    expect(await cfOf(id)).toEqual({ epoch: 1, at: now, n: 20 })
  })

  test('keeps its mark where it was stamped once more meanwhile', async () => {
    const id = await stampedTwentyTimes()
    const [image] = await stores.mongo.outbox.images(Account, [id])
    await stamped(id)
    await stores.mongo.outbox.clear(Account, [{ id, version: image!.version, deleted: false }])
    expect(await stores.mongo.outbox.owed(Account, 0, 10)).toHaveLength(1)
  })

  test('is patched by us above all of that, under a guard as well', async () => {
    const id = await stampedTwentyTimes()
    const [{ version } = never()] = await stores.mongo.outbox.images(Account, [id])
    const image = await stores.mongo.authority.patch(Account, id, visit, owed, { at: version })
    expect(image).toMatchObject({ version: { epoch: 1, counter: now + 21 }, record: { visits: 21 } })
    expect(await stores.mongo.authority.patch(Account, id, visit, owed, { at: version })).toBeNull()
    expect(await cfOf(id)).toMatchObject({ at: now + 21, n: 0 })
  })

  test('is deleted above all of that', async () => {
    const id = await stampedTwentyTimes()
    await sweepOnce(stores, 'mongo')
    await stores.mongo.authority.delete(Account, id, owed)
    expect(await sweepOnce(stores, 'mongo')).toBe(0)
    const gone = { version: { epoch: 1, counter: now + 21 }, record: null }
    expect(await stagesOf(id)).toEqual({ authority: gone, mirror: gone })
    expect(await cfOf(id)).toBeUndefined()
  })

  test('goes above the mirror where that is ahead', async () => {
    const id = await stampedTwentyTimes()
    const [{ version } = never()] = await stores.mongo.outbox.images(Account, [id])
    expect(await stores.mongo.authority.restamp(Account, id, version, { epoch: 1, counter: now + 50 })).toBe(true)
    expect(await cfOf(id)).toMatchObject({ epoch: 1, at: now + 51, n: 0 })
  })

  test.each([
    ['record', () => account('in the way', { visits: 1 })],
    ['delete', () => null],
  ])('takes a newer %s of the store with authority, and none that is older', async (_, record) => {
    const id = await stampedTwentyTimes()
    const put = async (epoch: number, counter: number) => {
      const content = record() && account(id, { visits: 1 })
      const image = { id, version: { epoch, counter }, pending: true, record: content, rest: null, issues: [] }
      return (await stores.mongo.replica.bulkPut(Account, [image], anyEpoch))[0]?.put
    }
    expect(await put(1, now + 19)).toBe('late')
    expect(await raw.findOne({ _id: id })).toMatchObject({ visits: 20 })
    expect(await put(2, 7)).toBe('applied')
    expect((await both(stores, 'mongo', id)).authority).toMatchObject({ version: { epoch: 2, counter: 7 } })
  })
})

function never(): never {
  throw new Error('there is such a record')
}

describe.each<[string, unknown, { epoch: number; counter: number }]>([
  ['a text', 'mine', { epoch: 0, counter: 0 }],
  ['null', null, { epoch: 0, counter: 0 }],
  ['an empty object', {}, { epoch: 0, counter: 0 }],
  ['texts for numbers', { epoch: 'a', at: 'b', n: 'c' }, { epoch: 0, counter: 0 }],
  ['numbers below zero', { epoch: -1, at: -2, n: -3 }, { epoch: 0, counter: 0 }],
  ['an epoch alone', { epoch: 1 }, { epoch: 1, counter: 0 }],
  ['a count alone', { n: 3 }, { epoch: 0, counter: 3 }],
  ['no count', { epoch: 1, at: 9 }, { epoch: 1, counter: 9 }],
  ['a text for when it was owed', { pending: 'q' }, { epoch: 0, counter: 0 }],
  ['a number for when it was owed', { epoch: 1, at: 9, pending: 1 }, { epoch: 1, counter: 9 }],
])('A document whose bookkeeping is %s', (_, cf, version) => {
  const place = async (): Promise<string> => {
    const id = newId()
    await raw.insertOne({ _id: id, email: `${id}@example.org`, visits: 1, _cf: cf })
    return id
  }

  test('has the version that can be read there, and a write of ours goes above it and is mirrored', async () => {
    const id = await place()
    expect((await stores.mongo.outbox.images(Account, [id]))[0]).toMatchObject({ version })
    const image = await stores.mongo.authority.patch(Account, id, visit, owed)
    expect(image).toMatchObject({ record: { visits: 2 }, version: { epoch: 1 } })
    expect(image!.version.counter).toBeGreaterThan(version.counter)
    expect(await raw.findOne({ _id: id })).toMatchObject({ _cf: { pending: expect.any(Date) } })
    expect(await sweepOnce(stores, 'mongo')).toBe(0)
    const { authority, mirror } = await both(stores, 'mongo', id)
    expect(mirror).toEqual(authority)
  })

  test('is replaced by a newer record of the mirror’s authority, and removed by a newer delete', async () => {
    const [kept, gone] = [await place(), await place()]
    const image = { version: { epoch: 2, counter: 1 }, pending: true, rest: null, issues: [] }
    const images = [
      { ...image, id: kept, record: account(kept, { visits: 5 }) },
      { ...image, id: gone, record: null },
    ]
    expect(await stores.mongo.replica.bulkPut(Account, images, anyEpoch)).toEqual([
      { put: 'applied' },
      { put: 'applied' },
    ])
    expect(await raw.findOne({ _id: kept })).toMatchObject({ visits: 5, _cf: { epoch: 2, at: 1, n: 0 } })
    expect(await raw.findOne({ _id: gone })).toBeNull()
  })
})
