import { compositeId, defineEntity, int, list, text } from 'crossfade'
import { sql } from 'kysely'
import { type Document, Double, Int32, Long } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { adoptMappings } from '../../src/jobs/adopt-mappings.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { repair } from '../../src/jobs/repair.ts'
import { chosenByIds, chosenByVerify } from '../../src/jobs/repair-choice.ts'
import { verify } from '../../src/jobs/verify.ts'
import { ownAnswer } from '../../src/resolve/own-answer.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { profileDocuments } from '../../src/stores/mongo/profile/profile-documents.ts'
import { compareStores } from '../support/compare-stores.ts'
import { changeUnseen, openStores, type TestStores } from '../support/stores.ts'

const key = () => compositeId({ store: text(), number: int() })
const Stock = defineEntity('Stock', {
  mongo: 'stocks',
  postgres: 'stocks',
  id: key(),
  fields: {
    name: text().required(),
    store: text().at('_id.store').required(),
    besideId: key().at('beside').references('Stock'),
    labels: list(text()).childTable('stock_labels'),
  },
})

interface Raw extends Document {
  readonly _id: { readonly store: string; readonly number: Int32 | Long | Double | number }
}

// s1/12, s1/300 and s2/1, written down
const [twelve, hundreds, second] = ['733100800000000000000c', '733100800000000000012c', '7332008000000000000001']
const documents: readonly Raw[] = [
  { _id: { store: 's1', number: new Int32(-5) }, name: 'glue', beside: { store: 's1', number: new Double(12) } },
  {
    _id: { store: 's1', number: new Double(12) },
    name: 'screws',
    beside: { store: 's2', number: Long.ONE },
    labels: [],
  },
  { _id: { store: 's1', number: Long.fromNumber(300) }, name: 'nails', labels: ['a', 'b'] },
  { _id: { store: 's2', number: new Int32(1) }, name: 'tape', beside: { number: 5, store: 's1' } },
]

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Stock])
  await prepareFlags(ledgers(), ['Stock'])
  const dirty = { _id: { number: new Int32(5), store: 's1' }, name: 'no record' }
  await collection().insertMany([...documents, dirty])
})
afterAll(() => stores.close())

const ledgers = () => ({ mongo: stores.mongo.ledger, postgres: stores.postgres.ledger })
const collection = () => stores.mongo.connection.db.collection<Raw>('stocks')
const to = (stage: Stage) =>
  setStage({ ledgers: ledgers(), sweep: async () => 0, log: () => undefined }, { type: 'Stock', stage })

/** As the mirror of the stage is changed behind the back of everybody: one record is gone, another one is not as it was. */
const spoil = {
  shadow: () =>
    changeUnseen(
      stores,
      sql`delete from stocks where id = ${twelve}`,
      sql`update stocks set store = 'spoilt' where id = ${hundreds}`,
    ),
  live: async () => {
    await collection().deleteOne({ _id: { store: 's1', number: 12 } })
    await collection().updateOne({ _id: { store: 's1', number: 300 } }, { $set: { name: 'spoilt' } })
  },
} as const

test('A copy brings records by their ids, in ranges of them, and tells of an id that is none', async () => {
  await to('dualwrite')
  const copied = await backfill({ stores, entity: Stock, batch: 2 })
  expect(copied).toMatchObject({ seen: 5, copied: 4, quarantined: 1, done: true })
  expect(await compareStores(stores, Stock)).toEqual({ compared: 4, different: [] })
  expect(await stores.postgres.dataIssues.counts(Stock)).toEqual([
    {
      path: '_id',
      rule: "is not of the id's kind, compositeId",
      count: 1,
      ids: ['{"number":{"$numberInt":"5"},"store":"s1"}'],
    },
    { path: 'beside', rule: 'is no object of the members store, number, in this order', count: 1, ids: [second] },
  ])
})

test('A profile finds what refers to an id, in whatever number type either is stored', async () => {
  const { references, fields, unmapped } = await profileDocuments(stores.mongo.connection, Stock, {
    sample: null,
    answer: ownAnswer,
    typeOf: () => Stock,
  })
  expect(references).toEqual([{ path: 'besideId', to: 'Stock', documents: 2, orphans: 0, example: null }])
  expect(fields.find(({ path }) => path === 'besideId')).toMatchObject({ own: 2 })
  expect(fields.find(({ path }) => path === 'store')).toMatchObject({ own: 5, otherwise: [] })
  expect(unmapped).toEqual([])
})

describe.each(['shadow', 'live'] as const)('Of ids that are objects, in %s,', (stage) => {
  const mirror = stage === 'shadow' ? 'postgres' : 'mongo'
  beforeAll(() => to(stage))
  const look = () => verify({ stores, entity: Stock, entities: [Stock], recheckMs: [5, 20] })

  test('verify names those that differ, and repair mends them by id', async () => {
    await spoil[stage]()
    const found = await look()
    expect(found.different).toEqual({ missing: 1, extra: 0, content: 1, version: 0 })
    expect(found.examples.map(({ id, kind }) => [id, kind])).toEqual([
      [twelve, 'missing'],
      [hundreds, 'content'],
    ])
    expect(found.relations).toMatchObject({
      dangling: [{ path: 'besideId', id: twelve, missingIn: mirror }],
      undecided: 0,
    })
    const { ids } = chosenByIds(Stock, [twelve.toUpperCase(), hundreds])
    expect(() => chosenByIds(Stock, ['s1'])).toThrow('Stock.id: "s1" is not a valid id')
    const { epoch } = found
    expect(ids).toEqual((await chosenByVerify(ledgers()[stage === 'live' ? 'postgres' : 'mongo'], Stock, epoch)).ids)
    const repaired = await repair({ stores, entity: Stock, ids, recheckMs: [5, 20] }, { by: 'test', chosen: 'by id' })
    expect(repaired).toMatchObject({ put: 2, buried: 0, keptOut: [], left: [] })
    const again = await look()
    expect(again.different).toEqual({ missing: 0, extra: 0, content: 0, version: 0 })
    expect(again.relations.dangling).toEqual([])
    expect(await compareStores(stores, Stock)).toEqual({ compared: 4, different: [] })
  })
})

test('A part that is mapped later is filled in from the ids', async () => {
  const fields = { ...Stock.fields, number: int().at('_id.number') }
  const Grown = defineEntity('Stock', { mongo: 'stocks', postgres: 'stocks', id: key(), fields })
  const { connection } = stores.postgres
  await connection.run(sql`alter table stocks add number integer`)
  expect(await adoptMappings(stores.postgres, [Grown])).toEqual(new Map([['Stock', 4]]))
  const rows = await connection.run(sql`select store, number from stocks order by id`)
  expect(rows.map(({ store, number }) => [store, number])).toEqual([
    ['s1', -5],
    ['s1', 12],
    ['s1', 300],
    ['s2', 1],
  ])
  expect(await compareStores(stores, Grown)).toEqual({ compared: 4, different: [] })
})

test('What is made anew in MongoDB has the members of its id in their order, and no others', async () => {
  const document = await collection().findOne({ _id: { store: 's1', number: 12 } })
  const { _cf, ...held } = document!
  expect(JSON.stringify(held)).toBe(
    '{"_id":{"store":"s1","number":12},"name":"screws","beside":{"store":"s2","number":1},"labels":[]}',
  )
})
