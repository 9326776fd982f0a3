import { boolean, defineEntity, float, int, objectId, text } from 'crossfade'
import { sql } from 'kysely'
import { ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ledgersOf } from '../../src/control/flag-store.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { ensureConstraints } from '../../src/jobs/ensure-constraints.ts'
import { type RetryOptions, retryIssues } from '../../src/jobs/retry-issues.ts'
import { sweep } from '../../src/mirror/sweep.ts'
import type { Stage } from '../../src/stage/stage.ts'
import type { IssueKind } from '../../src/stores/postgres/data-issues.ts'
import { schemaDrift } from '../../src/stores/postgres/schema-diff.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const names = { mongo: 'shops', postgres: 'shops', id: objectId() } as const
const fields = {
  name: text(),
  stars: int().strict(),
  open: boolean().strict(),
  code: text().unique(),
  ownerId: objectId().references('Shop'),
}
const Shop = defineEntity('Shop', { ...names, fields: { ...fields, rent: float().strict() } })
/** The same tables, and a value that means nothing. */
const Grown = defineEntity('Shop', { ...names, fields: { ...fields, rent: float({ nullIf: ['?'] }).strict() } })

const idOf = (n: number): string => n.toString(16).padStart(24, '0')
const shop = (n: number, values: object = {}) => ({
  _id: new ObjectId(idOf(n)),
  name: `Shop ${n}`,
  code: `c${n}`,
  ...values,
})

let stores: TestStores
const documents = () => stores.mongo.connection.db.collection<{ _id: ObjectId | string | number }>('shops')
const move = (stage: Stage) =>
  setStage(
    {
      ledgers: ledgersOf(stores),
      log: () => undefined,
      sweep: (_, from) =>
        sweep(
          { stores, owner: 'test', under: anyEpoch, olderThanMs: 0, impatient: true, log: () => undefined },
          Shop,
          from,
        ),
    },
    { type: 'Shop', stage, noOtherWriters: true },
  )
const retry = (options: Partial<RetryOptions> = {}) =>
  retryIssues({ stores, entity: Shop, entities: [Shop], recheckMs: [5, 20], ...options }, 'Ann')
const counts = async () =>
  Object.fromEntries(
    (await stores.postgres.dataIssues.counts(Shop)).map(({ path, rule, count }) => [`${path}: ${rule}`, count]),
  )
const stored = async (id: string) => (await stores.postgres.outbox.images(Shop, [id]))[0]?.record

beforeAll(async () => {
  stores = await openStores([Shop])
  await documents().insertMany([
    shop(1, { stars: 'many' }),
    shop(2, { stars: 'few' }),
    shop(3, { open: 'yes' }),
    shop(4, { rent: '?' }),
    shop(5, { code: 'taken' }),
    shop(6, { code: 'taken' }),
    shop(7, { ownerId: new ObjectId(idOf(99)) }),
    shop(8, { open: 'no' }),
    { ...shop(9), _id: 'old-1' },
    { ...shop(10), _id: 'old-2' },
    { ...shop(11), _id: 'x'.repeat(300) },
  ])
  await prepareFlags(ledgersOf(stores), ['Shop'])
  await move('dualwrite')
  await backfill({ stores, entity: Shop })
  await ensureConstraints(stores, [Shop])
})
afterAll(() => stores?.close())

describe('A retry of data issues', () => {
  test('ends none where nothing has changed', async () => {
    const before = await counts()
    expect(Object.values(before).reduce((sum, count) => sum + count)).toBe(11)
    expect(await retry()).toMatchObject({ looked: 7, put: 0 })
    expect(await counts()).toEqual(before)
  })

  test('carries what another program has mended, of one group alone where it is named', async () => {
    await documents().updateMany({ _id: { $in: [1, 3].map((n) => new ObjectId(idOf(n))) } }, [
      {
        $set: {
          stars: { $cond: [{ $eq: ['$name', 'Shop 1'] }, 4, '$$REMOVE'] },
          open: { $cond: [{ $eq: ['$name', 'Shop 3'] }, true, '$$REMOVE'] },
        },
      },
    ])
    const { groups } = await retry({ among: await of('stars') })
    expect(await stored(idOf(1))).toMatchObject({ stars: 4 })
    expect(await stored(idOf(3))).toMatchObject({ open: null })
    expect(groups.filter(({ path }) => path === 'stars').map(({ count, ids }) => [count, ids])).toEqual([
      [1, [idOf(2)]],
    ])
    expect(await retry()).toMatchObject({ put: 1 })
    expect(await stored(idOf(3))).toMatchObject({ open: true })
    expect(groupCounts(await counts())).toMatchObject({ stars: 1, open: 1 })
  })

  test('ends what a later mapping carries, though nothing is to be put', async () => {
    expect(groupCounts(await counts())).toMatchObject({ rent: 1 })
    expect(await retry({ entity: Grown, entities: [Grown] })).toMatchObject({ put: 0 })
    expect(groupCounts(await counts())).not.toHaveProperty('rent')
  })

  test('ends those of documents and records that are gone, and keeps those of documents that are there', async () => {
    await documents().deleteMany({ _id: { $in: ['old-1', new ObjectId(idOf(8))] } })
    await retry()
    expect(groupCounts(await counts())).toMatchObject({ _id: 2 })
    expect(groupCounts(await counts())).not.toHaveProperty('open')
    expect(await stored(idOf(8))).toBeFalsy()
  })

  test('takes nothing from a row that was put meanwhile, which has come with its own', async () => {
    const [image] = await stores.mongo.outbox.images(Shop, [idOf(2)])
    const older = { ...image!, version: { ...image!.version, counter: image!.version.counter - 1 }, issues: [] }
    await stores.postgres.dataIssues.refresh(Shop, [older])
    expect(groupCounts(await counts())).toMatchObject({ stars: 1 })
  })

  test('passes by what is kept under a part of its id', async () => {
    const Street = defineEntity('Street', { ...names, id: text(), fields: {} })
    const id = 'long '.repeat(60)
    const issues = [{ path: 'name', rule: 'is not text', raw: '1' }]
    const { dataIssues } = stores.postgres
    await dataIssues.keepOut(Street, [id], [{ id, issues }])
    expect(await dataIssues.counts(Street)).toMatchObject([{ count: 1 }])
    expect(await dataIssues.retriable(Street, null, { after: null, limit: 10 })).toEqual([])
  })

  test('finds duplicates and references anew', async () => {
    expect(groupCounts(await counts())).toMatchObject({ code: 2, ownerId: 1 })
    await documents().insertOne(shop(99))
    await documents().updateOne({ _id: new ObjectId(idOf(6)) }, { $set: { code: 'free' } })
    await backfill({ stores, entity: Shop })
    await retry()
    expect(groupCounts(await counts())).toEqual({ stars: 1, _id: 2 })
  })

  test('carries a document whose id a later mapping takes', async () => {
    const Named = defineEntity('Shop', { ...names, id: text(), fields })
    // As its migration would: the table holds ObjectIds alone until then
    const { connection } = stores.postgres
    for (const { statement } of await schemaDrift(connection, [Named])) await connection.run(sql.raw(statement!))
    expect(await retry({ entity: Named, entities: [Named], among: await of('_id') })).toMatchObject({ put: 1 })
    const [image] = await stores.postgres.outbox.images(Named, ['old-2'])
    expect(image?.record).toMatchObject({ name: 'Shop 10' })
    expect(groupCounts(await counts())).toMatchObject({ _id: 1 })
  })

  test('is refused where PostgreSQL has authority', async () => {
    await move('shadow')
    await move('live')
    await expect(retry()).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('PostgreSQL has authority over Shop'),
    })
  })
})

/** The one kind of issues of a path. */
async function of(path: string): Promise<IssueKind> {
  const { rule } = (await stores.postgres.dataIssues.counts(Shop)).find((each) => each.path === path)!
  return { path, rule }
}

function groupCounts(all: Readonly<Record<string, number>>): Record<string, number> {
  const byPath: Record<string, number> = {}
  for (const [key, count] of Object.entries(all)) {
    const path = key.slice(0, key.indexOf(':'))
    byPath[path] = (byPath[path] ?? 0) + count
  }
  return byPath
}
