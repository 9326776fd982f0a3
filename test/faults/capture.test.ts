import { defineEntity, text } from 'crossfade'
import { type Collection, Long } from 'mongodb'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ledgersOf, readFlag } from '../../src/control/flag-store.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import type { Entity } from '../../src/entity/entity.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { moveOptions } from '../../src/jobs/move-options.ts'
import { Capture } from '../../src/mirror/capture.ts'
import { beginCapture, captured, caughtUp, keepCaptured } from '../../src/mirror/captured.ts'
import type { Standing } from '../../src/mirror/standing.ts'
import { planPatch } from '../../src/query/patch.ts'
import type { Stage } from '../../src/stage/stage.ts'
import type { Image } from '../../src/stores/store.ts'
import { Account, account, both, newId, openAccounts, owed, sweepOnce } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { emptyStores, type TestStores } from '../support/stores.ts'

interface Raw {
  _id: string
  visits?: number
  tags?: string[]
  email?: string
  _cf?: object
}

const shadow: Standing = { authority: 'mongo', isMirrored: true, isRead: false, epoch: 1, confirmedEpoch: 1 }

let stores: TestStores
let outside: Collection<Raw>
const running: Capture[] = []
const logged: string[] = []
const lost: string[] = []

beforeAll(async () => {
  stores = await openAccounts()
  outside = stores.mongo.connection.db.collection('accounts')
})
beforeEach(async () => {
  await emptyStores(stores)
  logged.length = 0
  lost.length = 0
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((capture) => capture.stop()))
})
afterAll(() => stores.close())

const Other = defineEntity('Other', { mongo: 'others', postgres: 'others', id: text(), fields: { name: text() } })

/** An instance that may follow; resolves once there is a place for the first of its types. */
async function follow(
  owner = 'one',
  standing: Standing | (() => Standing | null) = shadow,
  entities: readonly Entity[] = [Account],
): Promise<Capture> {
  const capture = new Capture({
    stores,
    entities,
    owner,
    standing: typeof standing === 'function' ? standing : () => standing,
    onLost: async (type, why) => void lost.push(`${type}: ${why}`),
    log: (_, message) => logged.push(message),
  })
  running.push(capture)
  capture.start()
  const place = async () => (await captured(stores.mongo.ledger, entities[0]!)).place
  await expect.poll(place, { timeout: 20_000 }).not.toBeNull()
  return capture
}

const to = (stage: Stage) =>
  setStage(moveOptions({ entities: [Account], stores, log: () => undefined }), { type: 'Account', stage })

/** Everything that was changed is marked by now, and mirrored. */
async function mirrored(): Promise<void> {
  await caughtUp(stores.mongo.ledger, Account, 20_000)
  for (let rounds = 0; (await sweepOnce(stores, 'mongo')) > 0; rounds++) expect(rounds).toBeLessThan(10)
}

async function expectEqual(id: string, record: object | null): Promise<void> {
  const { authority, mirror } = await both(stores, 'mongo', id)
  expect(mirror?.record ?? null).toEqual(record === null ? null : expect.objectContaining(record))
  if (record !== null) expect(mirror).toEqual(authority)
}

/** A record that both stores have. */
async function shared(): Promise<Image> {
  const image = await stores.mongo.authority.create(Account, account(newId(), { visits: 1 }), owed)
  await stores.postgres.replica.bulkPut(Account, [image], anyEpoch)
  await stores.mongo.outbox.clear(Account, [{ id: image.id, version: image.version, deleted: false }])
  return image
}

describe('What another program changes in MongoDB while it has authority [capture]', () => {
  test.each<[string, (id: string) => Promise<unknown>, object]>([
    ['sets', (id) => outside.updateOne({ _id: id }, { $set: { visits: 7 } }), { visits: 7 }],
    ['unsets', (id) => outside.updateOne({ _id: id }, { $unset: { visits: '' } }), { visits: null }],
    ['increases', (id) => outside.updateOne({ _id: id }, { $inc: { visits: 4 } }), { visits: 5 }],
    ['changes by a pipeline', (id) => outside.updateOne({ _id: id }, [{ $set: { visits: 9 } }]), { visits: 9 }],
    ['adds to a list', (id) => outside.updateOne({ _id: id }, { $push: { tags: 'new' } }), { tags: ['new'] }],
    ['replaces', (id) => outside.replaceOne({ _id: id }, { email: 'new', visits: 3 }), { email: 'new', visits: 3 }],
    ['loses the bookkeeping of', (id) => outside.updateOne({ _id: id }, { $unset: { _cf: '' } }), { visits: 1 }],
  ])('it %s is mirrored', async (_, change, record) => {
    const { id } = await shared()
    await follow()
    await change(String(id))
    await mirrored()
    await expectEqual(String(id), record)
  })

  test('it saves whole, with the bookkeeping as it was read, is mirrored', async () => {
    const { id, version } = await shared()
    await follow()
    const read = await outside.findOne({ _id: String(id) })
    await outside.replaceOne({ _id: String(id) }, { ...read, visits: 8 })
    await mirrored()
    await expectEqual(String(id), { visits: 8 })
    expect((await both(stores, 'mongo', String(id))).mirror!.version.counter).toBeGreaterThan(version.counter)
  })

  test('it inserts is mirrored, and may be written by us from then on', async () => {
    const id = newId()
    await follow()
    await outside.insertOne({ _id: id, visits: 4 })
    await mirrored()
    await expectEqual(id, { visits: 4 })
    await stores.mongo.authority.patch(Account, id, planPatch(Account, { visits: 5 }), owed)
    await mirrored()
    await expectEqual(id, { visits: 5 })
  })

  test('it deletes is gone from the mirror, and stays away when a put comes late [capture-delete]', async () => {
    const image = await shared()
    await follow()
    await outside.deleteOne({ _id: String(image.id) })
    await mirrored()
    await expectEqual(String(image.id), null)
    const late = { ...image, version: { epoch: 1, counter: image.version.counter + 1 } }
    expect(await stores.postgres.replica.bulkPut(Account, [late], anyEpoch)).toEqual([{ put: 'late' }])
  })

  test('it deletes before the mirror had it does not come to the mirror by the put that is under way', async () => {
    const image = await stores.mongo.authority.create(Account, account(newId()), owed)
    await follow()
    await outside.deleteMany({ _id: String(image.id) })
    await mirrored()
    expect(await stores.postgres.replica.bulkPut(Account, [image], anyEpoch)).toEqual([{ put: 'late' }])
  })

  test('it deletes and inserts again is there as it is by now', async () => {
    const { id } = await shared()
    await follow()
    await outside.deleteOne({ _id: String(id) })
    await outside.insertOne({ _id: String(id), visits: 6 })
    await mirrored()
    await expectEqual(String(id), { visits: 6 })
  })

  test.each<[string, (id: string) => Promise<unknown>]>([
    ['another program', (id) => outside.deleteMany({ _id: id })],
    ['a gateway', (id) => stores.mongo.authority.delete(Account, id, owed)],
  ])('it restores from a dump with its bookkeeping, which %s had deleted, is mirrored', async (_, remove) => {
    const id = String((await shared()).id)
    await follow()
    const dumped = (await outside.findOne({ _id: id }))!
    await remove(id)
    await mirrored()
    await expectEqual(id, null)
    await outside.insertOne(dumped)
    await mirrored()
    await expectEqual(id, { visits: 1 })
  })

  test('it brings from another place with a later epoch is told, and mirrored once that is taken away', async () => {
    const id = String((await shared()).id)
    await follow()
    const elsewhere = { epoch: 7, at: Long.fromNumber(1), n: Long.ZERO }
    await outside.replaceOne({ _id: id }, { visits: 9, _cf: elsewhere })
    await mirrored()
    expect(lost).toEqual([
      `Account: another program has written ${id} to MongoDB with a \`_cf\` of a later epoch than the flag's: \`$unset\` its \`_cf\`, or nobody can write it`,
    ])
    await outside.updateOne({ _id: id }, { $unset: { _cf: '' } })
    await mirrored()
    await expectEqual(id, { visits: 9 })
    expect(lost).toHaveLength(1)
  })

  test('it changes in a type whose stage no store has told yet waits until one does', async () => {
    const { id } = await shared()
    let known: Standing | null = null
    expect(await beginCapture(stores.mongo, Account)).toBeNull()
    await follow('one', () => known)
    await outside.updateOne({ _id: String(id) }, { $set: { visits: 7 } })
    known = shadow
    await mirrored()
    await expectEqual(String(id), { visits: 7 })
  })

  test('it changes in a type that is new with a deploy is not passed by an instance that knows others', async () => {
    expect(await beginCapture(stores.mongo, Account)).toBeNull()
    await follow('older', shadow, [Other])
    const { id } = await shared()
    await outside.updateOne({ _id: String(id) }, { $set: { visits: 7 } })
    await caughtUp(stores.mongo.ledger, Other, 20_000)
    await expect(caughtUp(stores.mongo.ledger, Account, 0)).rejects.toMatchObject({ code: 'TRY_AGAIN' })
    await follow('newer', shadow, [Account, Other])
    await mirrored()
    await expectEqual(String(id), { visits: 7 })
  })

  test('it changes while nobody follows is found by the next one, where the last one ended', async () => {
    const { id } = await shared()
    const first = await follow('one')
    await caughtUp(stores.mongo.ledger, Account, 20_000)
    await first.stop()
    await outside.updateOne({ _id: String(id) }, { $set: { visits: 7 } })
    await follow('two')
    await mirrored()
    await expectEqual(String(id), { visits: 7 })
  })
})

test('our own writes, puts and deletes are no changes of others: their versions stay [capture]', async () => {
  await follow()
  const [kept, gone] = [newId(), newId()]
  for (const id of [kept, gone]) await stores.mongo.authority.create(Account, account(id), owed)
  const { version } = (await stores.mongo.authority.patch(Account, kept, planPatch(Account, { visits: 5 }), owed))!
  const deleted = (await stores.mongo.authority.delete(Account, gone, owed))!
  await mirrored()
  await caughtUp(stores.mongo.ledger, Account, 20_000)
  expect((await both(stores, 'mongo', kept)).authority?.version).toEqual(version)
  expect((await both(stores, 'mongo', gone)).authority?.version).toEqual(deleted.version)
  expect(await sweepOnce(stores, 'mongo')).toBe(0)
})

test.each([
  ['that has a version', 0],
  ['that has none', 1],
])(
  'a change that raises the version by plain operators, of a record %s, is owed and nobody else’s [capture]',
  async (_, bare) => {
    const { id, version } = await shared()
    if (bare === 1) await outside.updateOne({ _id: String(id) }, { $unset: { _cf: '' } })
    await follow()
    const now = Date.now() + 60_000 // clocks differ
    await outside.updateOne({ _id: String(id) }, {
      $set: { visits: 7 },
      $max: { '_cf.at': Long.fromNumber(now), '_cf.epoch': 1 },
      $inc: { '_cf.n': 1 },
      $min: { '_cf.pending': new Date(now) },
    } as never)
    await mirrored()
    await expectEqual(String(id), { visits: 7 })
    const after = (await both(stores, 'mongo', String(id))).mirror!.version
    expect(after).toEqual({ epoch: 1, counter: now + 1 })
    expect(after.counter).toBeGreaterThan(version.counter)
  },
)

test('where MongoDB is the mirror, a change by another program is told, and taken for none of ours', async () => {
  const image = await shared()
  await follow('one', { ...shadow, authority: 'postgres' })
  await outside.updateOne({ _id: String(image.id) }, { $set: { visits: 7 } })
  await caughtUp(stores.mongo.ledger, Account, 20_000)
  expect(logged).toEqual([`Account ${image.id}: another program has written it to MongoDB, which has no authority.`])
  expect((await stores.mongo.outbox.images(Account, [image.id]))[0]).toMatchObject({
    version: image.version,
    pending: false,
  })
})

test('where MongoDB is the mirror, a delete by another program is told, and our own puts and deletes are not', async () => {
  const [ours, theirs] = [await shared(), await shared()]
  await follow('one', { ...shadow, authority: 'postgres' })
  await stores.postgres.authority.create(Account, account(newId()), owed)
  await stores.postgres.authority.delete(Account, ours.id, owed)
  await sweepOnce(stores, 'postgres')
  await expectEqual(String(ours.id), null)
  await caughtUp(stores.mongo.ledger, Account, 20_000)
  expect(logged).toEqual([])
  await outside.deleteMany({ _id: String(theirs.id) })
  await caughtUp(stores.mongo.ledger, Account, 20_000)
  expect(logged).toEqual([`Account ${theirs.id}: another program has deleted it from MongoDB, which has no authority.`])
})

describe('A place that the server does not know any more', () => {
  test('is told, and the stream goes on from now', async () => {
    const { id } = await shared()
    const { revision } = await captured(stores.mongo.ledger, Account)
    await keepCaptured(stores.mongo.ledger, Account, revision, { place: { _data: '82' }, marker: 0 })
    await follow()
    await expect.poll(() => lost, { timeout: 20_000 }).toHaveLength(1)
    expect(lost[0]).toMatch(/^Account: what other programs changed of it in MongoDB was lost: ./)
    const place = async () => JSON.stringify((await captured(stores.mongo.ledger, Account)).place)
    await expect.poll(place, { timeout: 20_000 }).not.toMatch(/^(null|{"_data":"82"})$/)
    await outside.updateOne({ _id: String(id) }, { $set: { visits: 7 } })
    await mirrored()
    await expectEqual(String(id), { visits: 7 })
    expect(lost).toHaveLength(1)
  })

  test('keeps a move from beginning, and is no place any more: the stores are not taken for equal', async () => {
    await prepareFlags(ledgersOf(stores), ['Account'])
    await to('dualwrite')
    await backfill({ stores, entity: Account })
    const { revision } = await captured(stores.mongo.ledger, Account)
    await keepCaptured(stores.mongo.ledger, Account, revision, { place: { _data: '82' }, marker: 0 })
    await expect(to('live')).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/^Account: what other programs .* run `crossfade backfill Account` first\.$/),
    })
    expect((await readFlag(stores.mongo.ledger, 'Account'))?.flag).toMatchObject({ stage: 'dualwrite', fresh: null })
    await expect(to('live')).rejects.toMatchObject({ message: expect.stringContaining('was not made equal') })
    await backfill({ stores, entity: Account })
    expect(await to('live')).toMatchObject({ stage: 'live' })
  })

  test('counts no more once another mirror begins: it begins at the present', async () => {
    const { revision } = await captured(stores.mongo.ledger, Account)
    const old = { place: { _data: '82' }, marker: 7 }
    await keepCaptured(stores.mongo.ledger, Account, revision, old)
    expect(await beginCapture(stores.mongo, Account)).toBeNull()
    expect(await captured(stores.mongo.ledger, Account)).toMatchObject({ marker: 0 })
    const { id } = await shared()
    await outside.updateOne({ _id: String(id) }, { $set: { visits: 7 } })
    await follow()
    await mirrored()
    await expectEqual(String(id), { visits: 7 })
    expect([...lost, ...logged]).toEqual([])
  })
})

test('a type without a mirror is followed by nobody', async () => {
  let standing: Standing = { ...shadow, isMirrored: false }
  await beginCapture(stores.mongo, Account)
  const before = await captured(stores.mongo.ledger, Account)
  await follow('one', () => standing)
  await follow('two', shadow, [Other])
  await caughtUp(stores.mongo.ledger, Other, 20_000)
  expect(await captured(stores.mongo.ledger, Account)).toEqual(before)
  standing = shadow
  await caughtUp(stores.mongo.ledger, Account, 20_000)
})
