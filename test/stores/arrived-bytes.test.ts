import { sql } from 'kysely'
import { BSON } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readAll, readDocuments } from '../../src/stores/mongo/read-documents.ts'
import { Ending } from '../../src/util/ending.ts'
import { openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([])
})
afterAll(() => stores?.close())

/** Lets so many bytes arrive, and keeps what it was told. */
function upTo(most: number) {
  const told: number[] = []
  const ending = new Ending((bytes) => {
    told.push(bytes)
    if (told.reduce((sum, each) => sum + each) > most) throw new Error('too much')
  })
  return { ending, told }
}

const rows = (count: number) => sql`select repeat('x', 100000) as text from generate_series(1, ${count}::int)`

test('PostgreSQL tells of each row, and sends no more once it is too much', async () => {
  const { connection } = stores.postgres
  const few = upTo(1_000_000)
  expect(await connection.run(rows(3), few.ending)).toHaveLength(3)
  expect(few.told).toEqual([100_010, 100_010, 100_010])
  const many = upTo(1_000_000)
  await expect(connection.run(rows(500), many.ending)).rejects.toThrow('too much')
  expect(many.told.length).toBeGreaterThanOrEqual(10)
  expect(many.told.length).toBeLessThan(500)
  expect(await connection.run(rows(1))).toHaveLength(1)
})

test('MongoDB is asked for no further batch once it is too much', async () => {
  const { ending, told } = upTo(250)
  let [asked, isClosed] = [0, false]
  let buffered: Uint8Array[] = []
  const cursor = {
    async *[Symbol.asyncIterator]() {
      try {
        while (asked < 10) {
          asked++
          buffered = [new Uint8Array(100)]
          yield new Uint8Array(100)
        }
      } finally {
        isClosed = true
      }
    },
    readBufferedDocuments: () => buffered,
    toArray: () => Promise.reject(new Error('all at once')),
  }
  await expect(readAll(cursor, ending, (bytes) => bytes.byteLength)).rejects.toThrow('too much')
  expect({ told, asked, isClosed }).toEqual({ told: [100, 100, 100], asked: 2, isClosed: true })
})

test('large documents are asked for in small batches, once they are known to be large', async () => {
  const selection = {}
  const asked: object[] = []
  const read = (sizes: readonly number[], of = selection) =>
    readDocuments(
      (more) => {
        asked.push(more)
        const all = sizes.map((size) => BSON.serialize({ text: 'x'.repeat(size) }))
        return { ...all, toArray: async () => all, readBufferedDocuments: () => [] } as never
      },
      { of },
    )
  await read([10, 10])
  await read([200_000, 200_000])
  await read([10])
  expect(await read([10])).toEqual([{ text: 'xxxxxxxxxx' }])
  await read([30_000_000])
  await read([], selection)
  await read([10], {})
  expect(asked).toEqual([
    { raw: true },
    { raw: true },
    { raw: true, batchSize: 9 },
    { raw: true, batchSize: 11 },
    { raw: true, batchSize: 12 },
    { raw: true, batchSize: 1 },
    { raw: true },
  ])
})

test('a collection of large documents is read whole in small batches', async () => {
  const { connection } = stores.mongo
  const collection = connection.db.collection<{ _id: number; text: string }>('large')
  await collection.insertMany(Array.from({ length: 30 }, (_, n) => ({ _id: n, text: 'x'.repeat(300_000) })))
  const selection = {}
  const { ending, told } = upTo(100_000_000)
  const read = () =>
    readDocuments((more) => collection.find({}, { sort: { _id: 1 }, limit: 25, ...more }) as never, {
      signal: ending,
      of: selection,
    })
  for (const documents of [await read(), await read()]) {
    expect(documents.map(({ _id }) => _id)).toEqual(Array.from({ length: 25 }, (_, n) => n))
  }
  expect(told).toHaveLength(50)
})
