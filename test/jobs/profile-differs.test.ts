import { defineEntity, int, text } from 'crossfade'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { answersOtherwise, profile } from '../../src/jobs/profile.ts'
import { ownAnswer } from '../../src/resolve/own-answer.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Coin = defineEntity('Coin', {
  mongo: 'coins',
  postgres: 'coins',
  id: int(),
  fields: { worth: int(), code: text().unique(), owner: int().references('Coin'), metal: text().required() },
})

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Coin])
})
afterAll(() => stores.close())
beforeEach(() => stores.mongo.connection.collection(Coin).deleteMany({}))

async function differs(...documents: readonly object[]): Promise<boolean> {
  const metal = 'tin'
  await stores.mongo.connection.collection(Coin).insertMany(documents.map((each) => ({ metal, ...each })) as never[])
  const run = { mongo: stores.mongo, entity: Coin, entities: [Coin], answer: ownAnswer, sample: null }
  return answersOtherwise(await profile(run))
}

test.each<readonly [string, readonly object[]]>([
  ['a value that its field refuses, though GraphQL answers null for it today', [{ _id: 1, worth: 'dear' }]],
  ['a value that is answered otherwise', [{ _id: 1, worth: '0x10' }]],
  ['nothing where something is required', [{ _id: 1, metal: null }]],
  [
    'two records that share a unique value',
    [
      { _id: 1, code: 'a' },
      { _id: 2, code: 'a' },
    ],
  ],
  ['a document that has no record', [{ _id: 'one' }]],
])('differs: %s', async (_title, documents) => {
  expect(await differs(...documents)).toBe(true)
})

test.each<readonly [string, readonly object[]]>([
  ['a value of another kind that means the same', [{ _id: 1, worth: '12' }]],
  ['records without a unique value', [{ _id: 1 }, { _id: 2 }]],
  ['a reference that leads nowhere', [{ _id: 1, owner: 7 }]],
  ['what the mapping does not name', [{ _id: 1, year: 1990 }]],
])('does not differ: %s', async (_title, documents) => {
  expect(await differs(...documents)).toBe(false)
})
