import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { acceptIssues, issueGroups } from '../../src/evidence/accepted-issues.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { isClean, type Verified, verify } from '../../src/jobs/verify.ts'
import { planPatch } from '../../src/query/patch.ts'
import type { Stage } from '../../src/stage/stage.ts'
import type { Origin } from '../../src/util/origin.ts'
import { Account, account, directions, newId, openAccounts, sweepOnce } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { changeUnseen, emptyStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openAccounts()
})
afterAll(() => stores.close())

const none = { missing: 0, extra: 0, content: 0, version: 0 }
const ledgers = () => ({ mongo: stores.mongo.ledger, postgres: stores.postgres.ledger })
const accounts = () => stores.mongo.connection.db.collection<{ _id: string }>('accounts')
const look = (): Promise<Verified> => verify({ stores, entity: Account, batch: 2, recheckMs: [10, 10, 10, 10] })

describe.each(directions)('Verify, authority $from', ({ from, to }) => {
  let stamp: { epoch: number; owed: boolean }
  let ids: string[]

  /** Five records that both stores have. */
  beforeEach(async () => {
    await emptyStores(stores)
    await prepareFlags(ledgers(), ['Account'])
    const move = { ledgers: ledgers(), sweep: async () => 0, log: () => undefined }
    const to = (stage: Stage) => setStage(move, { type: 'Account', stage })
    await to('dualwrite')
    await backfill({ stores, entity: Account })
    const { epoch } = await to(from === 'mongo' ? 'shadow' : 'live')
    stamp = { epoch, owed: true }
    ids = Array.from({ length: 5 }, newId)
    for (const id of ids) await stores[from].authority.create(Account, account(id, { tags: ['a'] }), stamp)
    await sweepOnce(stores, from)
  })

  test('says that all are equal only of what it compared, and in which epoch', async () => {
    const found = await look()
    expect(found).toMatchObject({ type: 'Account', authority: from, epoch: stamp.epoch, compared: 5, undecided: 0 })
    expect(found.different).toEqual(none)
    expect(isClean(found)).toBe(true)
    const { value } = (await stores[from].ledger.get('verified', 'Account'))!
    expect(value).toMatchObject({ compared: 5, epoch: stamp.epoch, different: none })
  })

  test('tells what differs by its kind, with paths and without values', async () => {
    const [changed, gone, older] = ids
    const extra = newId()
    if (to === 'postgres') {
      await changeUnseen(
        stores,
        sql`update accounts set visits = 7 where id = ${changed}`,
        sql`delete from account_tags where parent_id = ${gone}`,
        sql`delete from accounts where id = ${gone}`,
        sql`update accounts set _cf_counter = 4 where id = ${older}`,
      )
    } else {
      await accounts().updateOne({ _id: changed! }, { $set: { visits: 7 } })
      await accounts().deleteOne({ _id: gone! })
      await accounts().updateOne({ _id: older! }, { $set: { '_cf.at': 4, '_cf.n': 0 } })
    }
    const version = { epoch: 1, counter: 9 }
    const stray = { id: extra, version, pending: false, record: account(extra), rest: null, issues: [] }
    await stores[to].replica.bulkPut(Account, [stray], anyEpoch)
    const found = await look()
    expect(found).toMatchObject({ compared: 5, undecided: 0 })
    expect(found.different).toEqual({ missing: 1, extra: 1, content: 1, version: 1 })
    expect(isClean(found)).toBe(false)
    const told = new Map(found.examples.map((each) => [each.id, each]))
    expect(told.get(changed!)).toMatchObject({ kind: 'content', paths: ['visits'] })
    expect(told.get(gone!)).toMatchObject({ kind: 'missing', versions: [expect.any(String), null] })
    expect(told.get(extra)).toMatchObject({ kind: 'extra', versions: [null, '1.9'] })
    expect(told.get(older!)).toMatchObject({ kind: 'version', paths: [] })
    expect(JSON.stringify(found)).not.toContain('example.org')
  })

  test('that has looked at nothing fails where the store with authority has records', async () => {
    const readers = [stores.mongo.reader, stores.postgres.reader]
    const streams = readers.map(({ stream }) => stream)
    for (const reader of readers) Object.assign(reader, { async *stream() {} })
    const failed = look().finally(() =>
      readers.forEach((reader, n) => void Object.assign(reader, { stream: streams[n] })),
    )
    await expect(failed).rejects.toThrow(`Account: nothing was compared, though ${from} has records.`)
    expect(await stores[from].ledger.get('verified', 'Account')).toBeNull()
  })

  test('a record that is owed is told apart from one that differs', async () => {
    await stores[from].authority.patch(Account, ids[0]!, planPatch(Account, { visits: 3 }), stamp)
    const found = await look()
    expect(found).toMatchObject({ compared: 5, undecided: 1, different: none })
    expect(isClean(found)).toBe(false)
    await sweepOnce(stores, from)
    expect(isClean(await look())).toBe(true)
  })

  /** Does something before, or behind, each time that a store is asked for images. */
  function atImages(origin: Origin, when: 'before' | 'behind', work: () => Promise<unknown>): () => void {
    const { outbox } = stores[origin]
    const { images } = outbox
    Object.assign(outbox, {
      async images(...args: Parameters<typeof images>) {
        if (when === 'before') await work()
        const answer = await images(...args)
        if (when === 'behind') await work()
        return answer
      },
    })
    return () => void Object.assign(outbox, { images })
  }

  test.each(['before', 'behind'] as const)(
    'a put that comes %s the read of the copy is no difference',
    async (when) => {
      await stores[from].authority.patch(Account, ids[0]!, planPatch(Account, { visits: 3 }), stamp)
      const undo = atImages(to, when, () => sweepOnce(stores, from))
      expect(isClean(await look().finally(undo))).toBe(true)
    },
  )

  /** A write, its put, and the end of what was owed. */
  async function writeThrough(visits: number): Promise<void> {
    const image = (await stores[from].authority.patch(Account, ids[0]!, planPatch(Account, { visits }), stamp))!
    await stores[to].replica.bulkPut(Account, [image], anyEpoch)
    await stores[from].outbox.clear(Account, [{ id: image.id, version: image.version, deleted: false }])
  }

  test('a write that reaches both stores between two reads is no difference, though an earlier one was owed', async () => {
    await stores[from].authority.patch(Account, ids[0]!, planPatch(Account, { visits: 3 }), stamp)
    let reads = 0
    const undo = [
      atImages(to, 'behind', async () => reads === 2 && sweepOnce(stores, from)),
      atImages(to, 'before', async () => ++reads === 3 && writeThrough(4)),
    ]
    const found = await look().finally(() => {
      for (const each of undo.toReversed()) each()
    })
    expect(reads).toBeGreaterThanOrEqual(3)
    expect(isClean(found)).toBe(true)
  })

  test('a record that changes between every two looks is told apart', async () => {
    await stores[from].authority.patch(Account, ids[0]!, planPatch(Account, { visits: 31 }), stamp)
    let writes = 0
    const write = async (): Promise<unknown> => ++writes < 30 && writeThrough(writes)
    const undo = [atImages(to, 'before', write), atImages(from, 'before', write)]
    const found = await look().finally(() => {
      for (const each of undo) each()
    })
    expect(found).toMatchObject({ different: none, undecided: 1 })
    expect(isClean(await look())).toBe(true)
  })

  test('what a write to the wrong store owes is told apart from a difference', async () => {
    const { version, record } = (await stores[to].outbox.images(Account, [ids[0]!]))[0]!
    const ahead = { epoch: version.epoch, counter: version.counter + 1 }
    const stray = {
      id: ids[0]!,
      version: ahead,
      pending: false,
      record: { ...record!, visits: 9 },
      rest: null,
      issues: [],
    }
    await stores[to].replica.bulkPut(Account, [stray], anyEpoch)
    await stores[to].authority.owe(Account, [ids[0]!])
    expect(await look()).toMatchObject({ different: none, undecided: 1 })
  })

  test('a write that comes while it looks is no difference', async () => {
    const entity = Account
    let written: Promise<unknown> | undefined
    const found = await verify({
      stores,
      entity,
      batch: 2,
      recheckMs: [10, 10, 10],
      onProgress: ({ compared }) => {
        if (compared !== 2) return
        // Behind the batch that was read, and in front of the others
        written ??= stores[from].authority
          .patch(Account, ids[4]!, planPatch(Account, { visits: 3 }), stamp)
          .then(() => sweepOnce(stores, from))
      },
    })
    await written
    expect(written).toBeDefined()
    expect(found.different).toEqual(none)
  })
})

test('what has no record is counted, since nothing of it was compared', async () => {
  await emptyStores(stores)
  await prepareFlags(ledgers(), ['Account'])
  await accounts().insertOne({ _id: 5 as never })
  expect(await look()).toMatchObject({ compared: 0, quarantined: 1 })
  // It is a data issue by now, where it may be accepted
  const [group] = await issueGroups(stores.postgres, Account)
  expect(group).toMatchObject({ path: '_id', count: 1, ids: ['{"$numberInt":"5"}'] })
  const said = { by: 'Ann', why: 'a counter of the old app', until: null }
  await acceptIssues(stores.postgres, Account, [group!.group], said)
  const accepted = await look()
  expect([accepted.quarantined, accepted.accepted, isClean(accepted)]).toEqual([0, 1, true])
  await accounts().insertOne({ _id: 6, email: 'six@example.org' } as never)
  expect(await look()).toMatchObject({ quarantined: 2, accepted: 0 })
})

test('a type without a flag is told how to get one', async () => {
  await emptyStores(stores)
  await expect(look()).rejects.toMatchObject({
    code: 'MISCONFIGURED',
    message: 'No flag is known for Account. Run `crossfade migrate up`.',
  })
})
