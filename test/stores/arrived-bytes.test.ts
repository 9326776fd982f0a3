import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readAll } from '../../src/stores/mongo/read-documents.ts'
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
