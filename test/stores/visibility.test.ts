import { defineEntity, int, text } from 'crossfade'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { fieldSet } from '../../src/entity/field-set.ts'
import { totalOrder } from '../../src/query/order.ts'
import { everything } from '../../src/query/where.ts'
import { mongoReader } from '../../src/stores/mongo/reader.ts'
import { emptyStores, openStores, type TestStores } from '../support/stores.ts'

const Word = defineEntity('Word', {
  mongo: 'words',
  postgres: 'words',
  id: int(),
  fields: { word: text(), kind: text() },
})

const stores: TestStores = await openStores([Word])
afterAll(() => stores.close())

const { connection } = stores.mongo
const page = async (reader: ReturnType<typeof mongoReader>, limit: number): Promise<unknown[]> => {
  const query = { where: everything, order: totalOrder(Word, [{ path: 'word', direction: 'asc' }]), limit }
  return (await reader.query(Word, { ...query, fields: fieldSet(Word, ['word']) })).map(({ record }) => record['word'])
}

beforeEach(async () => {
  await emptyStores(stores)
  await connection.collection(Word).insertMany([
    { _id: 1, word: 'a', kind: 'x' },
    { _id: 'stray', word: 'b', kind: 'x' },
    { _id: 3, word: 'c', kind: 'x', _cf: { epoch: 1, at: 1, n: 0, deleted: true } },
    { _id: 4, word: 'd', kind: 'x' },
    { _id: 5, word: 'e', kind: 'y' },
    { _id: 6, word: 'f', kind: 'y' },
  ] as never[])
})

test('documents that are not part of the API take no place on a page', async () => {
  const reader = mongoReader(connection)
  expect(await page(reader, 1)).toEqual(['a'])
  expect(await page(reader, 2)).toEqual(['a', 'd'])
  expect(await page(reader, 3)).toEqual(['a', 'd', 'e'])
})

test('nor on the pages of several parents', async () => {
  const reader = mongoReader(connection)
  const order = totalOrder(Word, [{ path: 'word', direction: 'asc' }])
  const per = { path: 'kind', values: ['x', 'y'], where: everything, order, limit: 2, fields: fieldSet(Word, ['word']) }
  const words = [...(await reader.queryPer(Word, per))].map(([kind, items]) => [
    kind,
    items.map(({ record }) => record['word']),
  ])
  expect(new Map(words as [string, string[]][])).toEqual(
    new Map([
      ['x', ['a', 'd']],
      ['y', ['e', 'f']],
    ]),
  )
})

test('one that is written while pages are read without the filter is met, and left out', async () => {
  const reader = mongoReader(connection)
  await connection.collection(Word).deleteMany({ _id: { $in: ['stray', 3] } } as never)
  expect(await page(reader, 3)).toEqual(['a', 'd', 'e'])
  await connection.collection(Word).insertOne({ _id: 'new', word: 'b' } as never)
  expect(await page(reader, 3)).toEqual(['a', 'd', 'e'])
})
