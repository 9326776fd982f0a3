import { defineEntity, int, text } from 'crossfade'
import { type CommandStartedEvent, type Document, Timestamp } from 'mongodb'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { ledgersOf } from '../../src/control/flag-store.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { isClean, verify } from '../../src/jobs/verify.ts'
import { failureOf } from '../../src/stores/mongo/errors.ts'
import { MemberLags } from '../../src/stores/mongo/member-lags.ts'
import { membersReader } from '../../src/stores/mongo/reader.ts'
import type { Reader, ScanRange } from '../../src/stores/store.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Word = defineEntity('Word', { mongo: 'words', postgres: 'words', id: int(), fields: { word: text() } })
const count = 30

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Word])
  const words = Array.from({ length: count }, (_, n) => ({ _id: n, word: `word ${n}` }))
  await stores.mongo.connection.collection(Word).insertMany(words as never[])
})
afterAll(() => stores.close())

interface Sent {
  readonly name: string
  readonly command: Document
}
const sent: Sent[] = []
const onCommand = ({ commandName: name, command }: CommandStartedEvent): void => void sent.push({ name, command })
const watch = () => stores.mongo.connection.client.on('commandStarted', onCommand)
afterEach(() => {
  stores.mongo.connection.client.off('commandStarted', onCommand)
  sent.length = 0
})

const reader = (behindMs: number): Reader =>
  membersReader(stores.mongo.connection, { readPreference: 'secondaryPreferred', behindMs })

async function streamed(from: Reader, range: Partial<ScanRange> = {}) {
  const ids: unknown[] = []
  const since: number[] = []
  for await (const lot of from.stream(Word, { after: null, limit: 7, ...range })) {
    ids.push(...lot.images.map(({ id }) => id))
    since.push(lot.since ?? NaN)
  }
  return { ids, since }
}
const all = Array.from({ length: count }, (_, n) => n)

test('a member is asked for no older state than the primary had when the read began', async () => {
  watch()
  const before = performance.now()
  const { ids, since } = await streamed(reader(60_000))
  expect(ids).toEqual(all)
  for (const each of since) expect(each).toBeGreaterThanOrEqual(before)
  const [ping, find, ...more] = sent.filter(({ command }) => command['ping'] || command['find'] || command['getMore'])
  expect(ping!.command).toMatchObject({ ping: 1 })
  // To a server that is addressed by itself the driver says `primaryPreferred`
  expect(ping!.command['$readPreference']?.mode ?? 'primary').toMatch(/^primary/)
  expect(find!.command).toMatchObject({
    find: 'words',
    $readPreference: { mode: 'secondaryPreferred' },
    readConcern: { level: 'majority', afterClusterTime: expect.any(Timestamp) },
    maxTimeMS: stores.mongo.connection.maxTimeMs,
    lsid: ping!.command['lsid'],
  })
  expect(more.map(({ name }) => name)).toContain('getMore')
  expect(more.every(({ name }) => name === 'getMore')).toBe(true)
})

test('the primary is asked again before what a member answers may be too old, and no document is met twice or left out', async () => {
  watch()
  const { ids, since } = await streamed(reader(-1))
  expect(ids).toEqual(all)
  const finds = sent.filter(({ name }) => name === 'find')
  expect(finds).toHaveLength(6) // five lots, and the look behind the last
  expect(sent.filter(({ name }) => name === 'ping')).toHaveLength(6)
  expect(since.toSorted((a, b) => a - b)).toEqual(since)
  expect(new Set(since).size).toBe(5)
  const part = await streamed(reader(-1), { after: 3, upTo: 11, limit: 2 })
  expect(part.ids).toEqual([4, 5, 6, 7, 8, 9, 10, 11])
})

test('only streams come from members', async () => {
  watch()
  const from = reader(60_000)
  await from.scan(Word, { after: null, limit: 5 })
  await from.ids(Word, { after: null, upTo: null }, 5, [])
  expect(sent.some(({ command }) => command['$readPreference']?.mode === 'secondaryPreferred')).toBe(false)
})

/** Finds of members are answered as by one that does not catch up, the first `times` of them. */
function lagging(times: number) {
  const { connection } = stores.mongo
  let left = times
  const reads: typeof connection.reads = (entity) => {
    const whole = connection.reads(entity)
    const find = ((match: Document, options: Document) => {
      const cursor = whole.find(match, options)
      if (options['session'] && left-- > 0)
        cursor.hasNext = () => Promise.reject(Object.assign(new Error('operation exceeded time limit'), { code: 50 }))
      return cursor
    }) as typeof whole.find
    return Object.assign(connection.reads(entity), { find })
  }
  return membersReader({ ...connection, reads }, { readPreference: 'secondary', behindMs: 5_000 })
}

test('one that does not catch up is told as such, and is trouble that passes', async () => {
  const failed = await streamed(lagging(1)).then(
    () => null,
    (error: unknown) => error,
  )
  expect(failed).toBeInstanceOf(MemberLags)
  expect((failed as Error).message).toMatch(/read preference secondary names had not got within \d+ s what/)
  expect(failureOf(failed)).toBe('timeout')
  expect((await streamed(lagging(0))).ids).toEqual(all)
})

test('a copy and a verify read members, wait for one that lags, and decide by the primary', {
  timeout: 60_000,
}, async () => {
  await prepareFlags(ledgersOf(stores), ['Word'])
  const move = { ledgers: ledgersOf(stores), sweep: async () => 0, log: () => undefined }
  await setStage(move, { type: 'Word', stage: 'dualwrite' })
  const told: string[] = []
  const log = (line: string): void => void told.push(line)
  const from = { ...stores, mongo: { ...stores.mongo, reader: lagging(1) } }
  expect(await backfill({ stores: from, entity: Word, log })).toMatchObject({ copied: count, done: true })
  expect(told).toContainEqual(
    expect.stringContaining('see how far members lag, or read the primary; try 2 of 6 in 1 s'),
  )

  // What a member has not got yet is neither missing nor too much
  const stale: Reader = {
    ...stores.mongo.reader,
    async *stream(entity, range) {
      for await (const lot of stores.mongo.reader.stream(entity, range))
        yield { ...lot, images: lot.images.filter(({ id }) => id !== 3) }
    },
  }
  const behind = { ...stores, mongo: { ...stores.mongo, reader: stale } }
  expect(isClean(await verify({ stores: behind, entity: Word, recheckMs: [5, 5] }))).toBe(true)
  expect(await backfill({ stores: behind, entity: Word, log })).toMatchObject({ removed: 0, done: true })
  expect(isClean(await verify({ stores, entity: Word, recheckMs: [5, 5] }))).toBe(true)
})

test('a lot that is too old is read again of the primary before it is put', async () => {
  const words = stores.mongo.connection.collection(Word)
  const images = vi.spyOn(stores.mongo.outbox, 'images')
  const old: Reader = {
    ...stores.mongo.reader,
    async *stream(entity, range) {
      for await (const lot of stores.mongo.reader.stream(entity, range))
        yield { ...lot, since: performance.now() - 11_000 }
    },
  }
  await words.updateOne({ _id: 5 } as never, { $set: { word: 'new' } })
  const from = { ...stores, mongo: { ...stores.mongo, reader: old } }
  images.mockClear()
  await backfill({ stores: from, entity: Word })
  expect(images).toHaveBeenCalledWith(Word, all)
  images.mockRestore()
})
