import { defineEntity, int, text } from 'crossfade'
import { type FindCursor, Long } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareIds } from '../../src/entity/compare-ids.ts'
import type { Entity, Id } from '../../src/entity/entity.ts'
import { mongoReader } from '../../src/stores/mongo/reader.ts'
import type { Reader, ScanRange } from '../../src/stores/store.ts'
import { copyAll, openStores, type TestStores } from '../support/stores.ts'

const Word = defineEntity('Word', { mongo: 'words', postgres: 'words', id: int(), fields: { word: text() } })
const Name = defineEntity('Name', { mongo: 'names', postgres: 'names', id: text(), fields: { n: int() } })

/** Texts by code points; by UTF-16 code units the last two would stand in front of U+E000. */
const names = ['', 'A', 'a', 'ab', 'b', 'é', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '😀']

/** Ids that fit no record, as they are told. */
const others = ['{"$numberDouble":"2.5"}', '"text"', 'true', '{"$date":{"$numberLong":"5"}}']

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Word, Name])
  const { db } = stores.mongo.connection
  const words = Array.from({ length: 20 }, (_, n) => ({ _id: n % 2 ? n : Long.fromNumber(n), word: `word ${n}` }))
  // In the order of BSON one is among the numbers, and the others behind them
  const foreign = [{ _id: 2.5 }, { _id: 'text' }, { _id: true }, { _id: new Date(5) }]
  await db.collection('words').insertMany([...words, ...foreign] as never[])
  await db.collection('names').insertMany(names.map((_id, n) => ({ _id, n })) as never[])
  for (const entity of [Word, Name]) await copyAll(stores, entity)
})
afterAll(() => stores.close())

async function streamed(reader: Reader, entity: Entity, range: ScanRange) {
  const lots: Id[][] = []
  const quarantined: string[] = []
  for await (const lot of reader.stream(entity, range)) {
    lots.push(lot.images.map(({ id }) => id))
    quarantined.push(...lot.quarantined.map(({ id }) => id))
  }
  return { lots, ids: lots.flat(), quarantined }
}

describe.each(['mongo', 'postgres'] as const)('A stream of %s', (origin) => {
  test('gives a range whole, once, in lots and in the order of the ids', async () => {
    const { reader } = stores[origin]
    const all = await streamed(reader, Word, { after: null, limit: 7 })
    expect(all.ids).toEqual(Array.from({ length: 20 }, (_, n) => n))
    expect(Math.max(...all.lots.map(({ length }) => length))).toBeLessThanOrEqual(7)
    expect((await streamed(reader, Word, { after: 4, upTo: 9, limit: 3 })).ids).toEqual([5, 6, 7, 8, 9])
    const where = { op: 'in', path: 'word', values: ['word 3', 'word 12', 'word 18'] } as const
    expect((await streamed(reader, Word, { after: null, upTo: 17, limit: 3, where })).ids).toEqual([3, 12])
    expect((await streamed(reader, Word, { after: 30, limit: 3 })).ids).toEqual([])
  })

  test('has texts in the order that ids are compared in', async () => {
    const { ids } = await streamed(stores[origin].reader, Name, { after: null, limit: 4 })
    expect(ids).toEqual(names)
    expect(ids.toReversed().sort(compareIds(Name))).toEqual(names)
  })
})

test('documents that have no record are told along the way', async () => {
  const { quarantined } = await streamed(stores.mongo.reader, Word, { after: null, limit: 5 })
  expect(quarantined).toEqual(others)
})

test('ranges that adjoin tell of each document without a record once, where their ends are open', async () => {
  const told = async (after: Id | null, upTo: Id | null): Promise<readonly [number, readonly string[]]> => {
    const { ids, quarantined } = await streamed(stores.mongo.reader, Word, { after, upTo, limit: 3, surveyed: true })
    return [ids.length, quarantined]
  }
  const [number, ...behind] = others
  expect(await told(null, 5)).toEqual([6, [number]])
  expect(await told(5, 12)).toEqual([7, []])
  expect(await told(12, null)).toEqual([7, behind])
  expect(await told(null, null)).toEqual([20, others])
})

test('what is not of its field’s kind is told where it is asked for, of documents that readers do not see as well', async () => {
  const { db } = stores.mongo.connection
  const odd = { _id: 90, word: 7, _cf: { deleted: true } }
  await db.collection('words').insertOne(odd as never)
  const toldBy = async (range: Partial<ScanRange>): Promise<unknown> => {
    const lots = []
    for await (const lot of stores.mongo.reader.stream(Word, { after: 15, limit: 9, ...range })) lots.push(...lot.odd!)
    return lots
  }
  expect(await toldBy({ surveyed: true })).toEqual(['clean word', 'plain word'])
  expect(await toldBy({ surveyed: true, upTo: 30 })).toEqual([])
  expect(await toldBy({})).toEqual([])
  await db.collection('words').deleteOne({ _id: 90 } as never)
})

test.each(['mongo', 'postgres'] as const)(
  'ids of a range are told in %s, but for those that are known',
  async (origin) => {
    const { reader } = stores[origin]
    const ids = async (...given: Parameters<Reader['ids']>) => [...(await reader.ids(...given))].sort()
    expect(await ids(Word, { after: 3, upTo: 7 }, 10, [])).toEqual([4, 5, 6, 7])
    expect(await ids(Word, { after: 16, upTo: null }, 10, [17, 2])).toEqual([18, 19])
    expect(await ids(Word, { after: null, upTo: 1 }, 10, [])).toEqual([0, 1])
    expect(await ids(Word, { after: null, upTo: null }, 4, [0, 1])).toHaveLength(4)
    expect(await ids(Name, { after: 'b', upTo: '\ue000' }, 10, ['é'])).toEqual(['\ud7ff', '\ue000'])
  },
)

test('documents without a record take no place among the ids of MongoDB, wherever they sort', async () => {
  const Late = defineEntity('Late', { mongo: 'lates', postgres: 'lates', id: text(), fields: { word: text() } })
  const lates = stores.mongo.connection.db.collection<{ _id: unknown }>('lates')
  await lates.insertMany(Array.from({ length: 5 }, (_, n) => ({ _id: n })))
  await lates.insertMany(['a', 'b', 'c'].map((_id) => ({ _id })))
  expect(await stores.mongo.reader.ids(Late, { after: null, upTo: null }, 3, [])).toEqual(['a', 'b', 'c'])
})

/** A reader whose cursors the server forgets, each once. */
function forgetful(from: number): Reader {
  const { connection } = stores.mongo
  let left = from
  return mongoReader({
    ...connection,
    reads(entity) {
      const collection = connection.reads(entity)
      const find = (...given: Parameters<typeof collection.find>): FindCursor => {
        const cursor = collection.find(...given)
        const hasNext = cursor.hasNext.bind(cursor)
        let lots = 0
        cursor.hasNext = async () => {
          if (lots++ === 1 && left-- > 0)
            await connection.db.command({ killCursors: entity.mongo, cursors: [cursor.id] })
          return hasNext()
        }
        return cursor
      }
      return Object.assign(connection.reads(entity), { find })
    },
  })
}

test('a cursor that the server has forgotten is opened again behind the last document, whatever its id', async () => {
  for (const limit of [1, 3, 5]) {
    const { ids, quarantined } = await streamed(forgetful(4), Word, { after: null, limit })
    expect(ids).toEqual(Array.from({ length: 20 }, (_, n) => n))
    expect(quarantined).toEqual(others)
    expect((await streamed(forgetful(2), Word, { after: 3, upTo: 15, limit })).ids).toHaveLength(12)
  }
})

test('a store that gives nothing more is not asked for ever', async () => {
  const { connection } = stores.mongo
  const broken = mongoReader({
    ...connection,
    reads(entity) {
      const find = () => ({
        hasNext: async () => Promise.reject(new Error('no place')),
        close: async () => undefined,
      })
      return Object.assign(connection.reads(entity), { find }) as never
    },
  })
  await expect(streamed(broken, Word, { after: null, limit: 5 })).rejects.toThrow('no place')
})
