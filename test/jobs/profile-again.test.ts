import { defineEntity, int, text } from 'crossfade'
import { type CommandSucceededEvent, Long, MongoNetworkError, MongoServerError } from 'mongodb'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { profile } from '../../src/jobs/profile.ts'
import { ownAnswer } from '../../src/resolve/own-answer.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Part = defineEntity('Part', {
  mongo: 'parts',
  postgres: 'parts',
  id: int(),
  fields: { name: text().unique(), n: int() },
})

let stores: TestStores
let lines: string[]
let progress: number[]

/** 300 documents, of which two have one name, and one a number as text. */
beforeAll(async () => {
  stores = await openStores([Part])
  const parts = Array.from({ length: 300 }, (_, n) => ({ _id: n, name: `part ${n % 299}`, n: n === 7 ? '7' : n }))
  await stores.mongo.connection.db.collection('parts').insertMany(parts as never[])
})
afterAll(() => stores.close())
beforeEach(() => {
  lines = []
  progress = []
})

const look = (more: Partial<Parameters<typeof profile>[0]> = {}) =>
  profile({
    mongo: stores.mongo,
    entity: Part,
    entities: [Part],
    answer: ownAnswer,
    sample: null,
    retryMs: 1,
    log: (line) => lines.push(line),
    onProgress: ({ read }) => progress.push(read),
    ...more,
  })

/** All there is to be found, once. */
function isWhole({ documents, fields, unique, learned }: Awaited<ReturnType<typeof profile>>): void {
  expect(documents).toBe(300)
  expect(fields.find(({ path }) => path === 'n')!.coerced).toMatchObject([{ count: 1 }])
  expect(unique).toMatchObject([{ paths: ['name'], found: { values: 1, documents: 2 } }])
  expect(learned).toBe(true)
}

/** Throws each time that a reading has come so far. */
function failing(times: number, fault: () => Error) {
  let left = times
  return ({ read }: { readonly read: number }): void => {
    progress.push(read)
    if (left-- > 0) throw fault()
  }
}

const lost = (): Error => new MongoNetworkError('connection timed out')

test('a profile whose cursor the server has ended begins again, and counts no document twice', async () => {
  const { db } = stores.mongo.connection
  const { client } = stores.mongo.connection.patient()
  let cursor: Long | undefined
  const hear = ({ commandName, reply }: CommandSucceededEvent): void => {
    // A small one comes as a number, which would go back as a double
    if (commandName === 'find') cursor ??= Long.fromString(String((reply as { cursor: { id: unknown } }).cursor.id))
  }
  client.on('commandSucceeded', hear)
  let killed: Promise<unknown> | undefined
  // A batch a second, and the next on its way meanwhile: the third is asked for when its cursor has long been gone
  const found = await look({
    rate: 100,
    onProgress: ({ read }) => {
      progress.push(read)
      killed ??= db.command({ killCursors: 'parts', cursors: [cursor] })
    },
  }).finally(() => client.off('commandSucceeded', hear))
  expect(await killed).toMatchObject({ cursorsKilled: [cursor] })
  isWhole(found)
  expect(progress.slice(-3)).toEqual([100, 200, 300])
  expect(progress.length).toBeGreaterThan(3)
  expect(lines).toEqual([
    expect.stringMatching(/^Part: .*cursor.*; try 2 of 6 in 0\.001 s$/i),
    'Part: reading again from the first document',
    'Part: looking for duplicates under name …',
  ])
})

test('a profile ends with the fault of a server that fails each time', async () => {
  await expect(look({ onProgress: failing(6, lost) })).rejects.toThrow('connection timed out')
  expect(progress).toHaveLength(6)
  expect(lines.filter((line) => line.includes('from the first document'))).toHaveLength(5)
})

test('a profile goes well at the last of its tries', async () => {
  isWhole(await look({ onProgress: failing(5, lost) }))
  expect(progress).toHaveLength(6)
})

test('a profile reads nothing again for what is no trouble of the server', async () => {
  await expect(look({ onProgress: failing(1, () => new TypeError('a mistake of ours')) })).rejects.toThrow('mistake')
  expect(lines).toEqual([])
})

test('a profile that may read nothing says so at once', async () => {
  const { connection } = stores.mongo
  const forbidden = new MongoServerError({ message: 'not authorized', code: 13 })
  const patient = (): never => {
    throw forbidden
  }
  const mongo = { ...stores.mongo, connection: { ...connection, patient } }
  await expect(look({ mongo })).rejects.toBe(forbidden)
  expect(lines).toEqual([])
})

test('a look for duplicates that fails is tried again, and the documents are not read for it', async () => {
  const { connection } = stores.mongo
  let asked = 0
  const patient: typeof connection.patient = () => {
    if (++asked === 2) throw lost() // first the documents ask, and then the key
    return connection.patient()
  }
  isWhole(await look({ mongo: { ...stores.mongo, connection: { ...connection, patient } } }))
  expect(progress).toEqual([300])
  expect(lines).toEqual([
    'Part: looking for duplicates under name …',
    'Part: connection timed out; try 2 of 6 in 0.001 s',
  ])
})

test('a profile is stopped while it waits to read again', async () => {
  const stop = new AbortController()
  const log = (): void => stop.abort()
  const stopped = look({ onProgress: failing(1, lost), retryMs: 3_600_000, log, signal: stop.signal })
  await expect(stopped).rejects.toThrow('aborted')
})
