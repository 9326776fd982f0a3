import { defineEntity, list, long, longId, text } from 'crossfade'
import { sql } from 'kysely'
import { type Document, Double, Int32, Long } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { repair } from '../../src/jobs/repair.ts'
import { chosenByIds, chosenByVerify } from '../../src/jobs/repair-choice.ts'
import { verify } from '../../src/jobs/verify.ts'
import { ownAnswer } from '../../src/resolve/own-answer.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { profileDocuments } from '../../src/stores/mongo/profile/profile-documents.ts'
import { compareStores } from '../support/compare-stores.ts'
import { changeUnseen, openStores, type TestStores } from '../support/stores.ts'

const Crate = defineEntity('Crate', {
  mongo: 'crates',
  postgres: 'crates',
  id: longId(),
  fields: {
    name: text().required(),
    insideId: longId().at('inside').references('Crate'),
    copyOf: long().references('Crate'),
    labels: list(text()).childTable('crate_labels'),
  },
})

interface Raw extends Document {
  readonly _id: Int32 | Long | Double | number
}

const past = '9007199254740993' // 2^53 + 1, which no double holds
const documents: readonly Raw[] = [
  { _id: new Int32(-5), name: 'bag', inside: Long.fromString(past), copyOf: new Double(12), labels: ['a'] },
  { _id: new Double(12), name: 'tin', inside: Long.MAX_VALUE, labels: [] },
  { _id: Long.fromString(past), name: 'crate', copyOf: Long.MAX_VALUE, labels: ['a', 'b'] },
  { _id: Long.MAX_VALUE, name: 'box', inside: 'none' },
]

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Crate])
  await prepareFlags(ledgers(), ['Crate'])
  await collection().insertMany([...documents, { _id: new Double(5.5), name: 'no record' }])
})
afterAll(() => stores.close())

const ledgers = () => ({ mongo: stores.mongo.ledger, postgres: stores.postgres.ledger })
const collection = () => stores.mongo.connection.db.collection<Raw>('crates')
const to = (stage: Stage) =>
  setStage({ ledgers: ledgers(), sweep: async () => 0, log: () => undefined }, { type: 'Crate', stage })

/** As the mirror of the stage is changed behind the back of everybody: one record is gone, another one is not as it was. */
const spoil = {
  shadow: () =>
    changeUnseen(
      stores,
      sql`delete from crates where id = 12`,
      sql`update crates set name = 'spoilt' where id = 9007199254740993`,
    ),
  live: async () => {
    await collection().deleteOne({ _id: 12 })
    await collection().updateOne({ _id: Long.fromString(past) }, { $set: { name: 'spoilt' } })
  },
} as const

test('A copy brings records by every digit of their ids, and tells of an id that is none', async () => {
  await to('dualwrite')
  const copied = await backfill({ stores, entity: Crate, batch: 2 })
  expect(copied).toMatchObject({ seen: 5, copied: 4, quarantined: 1, done: true })
  expect(await compareStores(stores, Crate)).toEqual({ compared: 4, different: [] })
  expect(await stores.postgres.dataIssues.counts(Crate)).toEqual([
    { path: '_id', rule: "is not of the id's kind, longId", count: 1, ids: ['{"$numberDouble":"5.5"}'] },
    { path: 'inside', rule: 'is not a whole number of 64 bits', count: 1, ids: ['9223372036854775807'] },
  ])
})

test('A profile finds what refers to an id, in whatever number type either is stored, and what is no ID', async () => {
  const { references, fields } = await profileDocuments(stores.mongo.connection, Crate, {
    sample: null,
    answer: ownAnswer,
    typeOf: () => Crate,
  })
  expect(references).toEqual([
    { path: 'insideId', to: 'Crate', documents: 2, orphans: 0, example: null },
    { path: 'copyOf', to: 'Crate', documents: 2, orphans: 0, example: null },
  ])
  // To a client that asks for it today it is the ID "none"
  const inside = fields.find(({ path }) => path === 'insideId')
  expect(inside).toMatchObject({ own: 2, otherwise: [{ type: 'string', count: 1 }] })
})

describe.each(['shadow', 'live'] as const)('Of ids that are longs, in %s,', (stage) => {
  const mirror = stage === 'shadow' ? 'postgres' : 'mongo'
  beforeAll(() => to(stage))
  const look = () => verify({ stores, entity: Crate, entities: [Crate], recheckMs: [5, 20] })

  test('verify names those that differ, and repair mends them by id', async () => {
    await spoil[stage]()
    const found = await look()
    expect(found.different).toEqual({ missing: 1, extra: 0, content: 1, version: 0 })
    expect(found.examples.map(({ id, kind }) => [id, kind])).toEqual([
      ['12', 'missing'],
      [past, 'content'],
    ])
    expect(found.relations).toMatchObject({ dangling: [{ path: 'copyOf', id: '12', missingIn: mirror }], undecided: 0 })
    const { ids } = chosenByIds(Crate, ['+012', past])
    const { epoch } = found
    expect(ids).toEqual((await chosenByVerify(ledgers()[stage === 'live' ? 'postgres' : 'mongo'], Crate, epoch)).ids)
    const repaired = await repair({ stores, entity: Crate, ids, recheckMs: [5, 20] }, { by: 'test', chosen: 'by id' })
    expect(repaired).toMatchObject({ put: 2, buried: 0, keptOut: [], left: [] })
    const again = await look()
    expect(again.different).toEqual({ missing: 0, extra: 0, content: 0, version: 0 })
    expect(again.relations.dangling).toEqual([])
    expect(await compareStores(stores, Crate)).toEqual({ compared: 4, different: [] })
  })
})

test('What is made anew in MongoDB has an id that is a long', async () => {
  const types = await collection()
    .aggregate([{ $sort: { _id: 1 } }, { $project: { _id: 0, type: { $type: '$_id' } } }])
    .toArray()
  expect(types.map(({ type }) => type)).toEqual(['int', 'double', 'long', 'long', 'long'])
})
