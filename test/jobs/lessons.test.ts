import { defineEntity, int, list, text } from 'crossfade'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ledgersOf, readFlag } from '../../src/control/flag-store.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { moveOptions } from '../../src/jobs/move-options.ts'
import { isClean, verify } from '../../src/jobs/verify.ts'
import { Capture } from '../../src/mirror/capture.ts'
import { captured, caughtUp } from '../../src/mirror/captured.ts'
import { increment } from '../../src/query/operations.ts'
import { planPatch } from '../../src/query/patch.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { emptyStores, openStores, type TestStores } from '../support/stores.ts'

/** What teams that moved by hand have written of, where no other test is named after it. */

const Page = defineEntity('Page', {
  mongo: 'pages',
  postgres: 'pages',
  id: int(),
  fields: { views: int(), tags: list(text()), links: list(text()).childTable('page_links') },
})
const size = 300

let stores: TestStores
const documents = () => stores.mongo.connection.db.collection<{ _id: number }>('pages')
const options = () => moveOptions({ entities: [Page], stores, log: () => undefined })
const to = (stage: Stage) => setStage(options(), { type: 'Page', stage, noOtherWriters: true })
const epoch = async () => (await readFlag(stores.mongo.ledger, 'Page'))!.flag.epoch
const settled = async () => {
  const sweep = () => options().sweep('Page', 'mongo')
  for (let rounds = 0; (await sweep()) > 0; rounds++) expect(rounds).toBeLessThan(20)
}
const rows = () =>
  stores.postgres.outbox.images(
    Page,
    Array.from({ length: 2 * size }, (_, id) => id),
  )

beforeAll(async () => {
  stores = await openStores([Page])
})
beforeEach(async () => {
  await emptyStores(stores)
  await prepareFlags(ledgersOf(stores), ['Page'])
})
afterAll(() => stores?.close())

describe('What others have paid for', () => {
  test('counters that accrue while a copy runs start from what there was, and are counted once', async () => {
    await documents().insertMany(Array.from({ length: size }, (_, _id) => ({ _id, views: 100 })))
    await to('dualwrite')
    const stamp = { epoch: await epoch(), owed: true }
    const added = new Map<number, number>()
    let copying = true
    const count = async (): Promise<void> => {
      for (let n = 0; copying; n++) {
        const id = (n * 97) % size // some are copied already, others are not yet
        await stores.mongo.authority.patch(Page, id, planPatch(Page, { views: increment(1) }), stamp)
        added.set(id, (added.get(id) ?? 0) + 1)
        const made = size + n
        if (n % 5 === 0 && made < 2 * size) {
          await stores.mongo.authority.create(Page, newRecord(Page, made, { views: 1 }), stamp)
          added.set(made, -99)
        }
      }
    }
    const mirrored = async (): Promise<void> => {
      while (copying) await options().sweep('Page', 'mongo')
    }
    const work = [count(), mirrored()]
    await backfill({ stores, entity: Page, batch: 10 })
    copying = false
    await Promise.all(work)
    await settled()
    expect(added.size).toBeGreaterThan(10)
    for (const { id, record } of await rows())
      expect([id, record!['views']]).toEqual([id, 100 + (added.get(Number(id)) ?? 0)])
    expect(isClean(await verify({ stores, entity: Page }))).toBe(true)
  })

  test('nulls in lists are told, and stay in MongoDB; empty lists, null and nothing stay apart, there and back', async () => {
    const lists = [['a', null, 'b'], [null], [], null, undefined]
    await documents().insertMany(
      lists.map((values, _id) => ({ _id, ...(values === undefined ? {} : { tags: values, links: values }) })),
      { ignoreUndefined: true },
    )
    const before = await documents()
      .find({}, { sort: { _id: 1 }, projection: { _cf: 0 } })
      .toArray()
    await to('dualwrite')
    await backfill({ stores, entity: Page })
    const wanted = [['a', 'b'], [], [], null, null]
    expect((await rows()).map(({ record }) => [record!['tags'], record!['links']])).toEqual(
      wanted.map((each) => [each, each]),
    )
    const issues = await stores.postgres.dataIssues.counts(Page)
    expect(issues.map(({ path, ids }) => [path, ...ids])).toEqual([
      ['links.0', '1'],
      ['links.1', '0'],
      ['tags.0', '1'],
      ['tags.1', '0'],
    ])
    await to('live')
    const stamp = { epoch: await epoch(), owed: true }
    for (const id of lists.keys()) await stores.postgres.authority.patch(Page, id, planPatch(Page, { views: 1 }), stamp)
    await options().sweep('Page', 'postgres')
    const after = await documents()
      .find({}, { sort: { _id: 1 }, projection: { _cf: 0 } })
      .toArray()
    expect(after).toEqual(before.map((document) => ({ ...document, views: 1 })))
  })

  test('a copy, in either direction, sets off no alarm of its own', async () => {
    await documents().insertMany(Array.from({ length: 20 }, (_, _id) => ({ _id, views: _id })))
    await to('dualwrite')
    const logged: string[] = []
    const flag = async () => (await readFlag(stores.mongo.ledger, 'Page'))!.flag
    let authority: 'mongo' | 'postgres' = 'mongo'
    const capture = new Capture({
      stores,
      entities: [Page],
      owner: 'one',
      standing: () => ({ authority, isMirrored: true, isRead: false, epoch: 1, confirmedEpoch: 1 }),
      onLost: async (type, why) => void logged.push(`${type}: ${why}`),
      log: (_, message) => logged.push(message),
    })
    capture.start()
    await expect.poll(async () => (await captured(stores.mongo.ledger, Page)).place, { timeout: 20_000 }).not.toBeNull()
    await backfill({ stores, entity: Page })
    await caughtUp(stores.mongo.ledger, Page, 20_000)
    expect(await stores.mongo.outbox.backlog(Page)).toMatchObject({ count: 0 })
    await to('live')
    authority = 'postgres'
    await stores.postgres.authority.patch(Page, 1, planPatch(Page, { views: 5 }), {
      epoch: (await flag()).epoch,
      owed: true,
    })
    await backfill({ stores, entity: Page })
    await options().sweep('Page', 'postgres')
    await caughtUp(stores.mongo.ledger, Page, 20_000)
    await capture.stop()
    expect(logged).toEqual([])
    for (const origin of ['mongo', 'postgres'] as const)
      expect(await stores[origin].outbox.backlog(Page)).toMatchObject({ count: 0 })
  })
})
