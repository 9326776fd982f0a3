import { sql } from 'kysely'
import type { Document } from 'mongodb'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { initialFlag } from '../../src/control/flag.ts'
import { raiseFlag } from '../../src/control/flag-store.ts'
import { insertExported } from '../../src/demo/sample.ts'
import { defineEntity } from '../../src/entity/define-entity.ts'
import type { Id } from '../../src/entity/entity.ts'
import { int, list, objectId, text } from '../../src/entity/field.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import type { Progress } from '../../src/jobs/backfill-options.ts'
import { copyLot } from '../../src/jobs/copy-lot.ts'
import { copyJson, firstCopy } from '../../src/jobs/copy-record.ts'
import { ensureConstraints } from '../../src/jobs/ensure-constraints.ts'
import { firstState, rangeKey, rangeKind, stateJson } from '../../src/jobs/range-state.ts'
import { conflictLog } from '../../src/mirror/conflicts.ts'
import { planPatch } from '../../src/query/patch.ts'
import { encodeId } from '../../src/stores/mongo/codec/encode.ts'
import { mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import type { Json } from '../../src/util/json.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { compareStores } from '../support/compare-stores.ts'
import { mongoProxy } from '../support/mongo-proxy.ts'
import { changeUnseen, openStores, type TestStores } from '../support/stores.ts'

const Parcel = defineEntity('Parcel', {
  mongo: 'parcels',
  postgres: 'parcels',
  id: objectId(),
  fields: { code: int().unique(), tags: list(text()).childTable('parcel_tags'), from: objectId().references('Parcel') },
})

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Parcel])
  const documents = Array.from({ length: 95 }, (_, index) => ({
    _id: { $oid: index.toString(16).padStart(24, '0') },
    code: index === 94 ? 7 : index,
    tags: index % 3 === 0 ? ['a', 'b'] : [],
    weight: 1.5,
  }))
  const dirty: Json[] = [
    { _id: 'not an ObjectId', code: 500 },
    { _id: { $oid: 'e'.repeat(24) }, code: 'heavy', from: { $oid: 'd'.repeat(24) } },
  ]
  await insertExported(stores.mongo.connection, 'parcels', [...documents, ...dirty])
})
afterAll(() => stores.close())

test('a backfill that is stopped goes on where it was, and copies nothing twice', async () => {
  const stop = new AbortController()
  const onProgress = ({ seen }: Progress): void => {
    if (seen >= 30) stop.abort()
  }
  await expect(backfill({ stores, entity: Parcel, batch: 10, onProgress, signal: stop.signal })).rejects.toThrow(
    'aborted',
  )
  const ids: Id[] = []
  const { replica } = stores.postgres
  const bulkPut: typeof replica.bulkPut = async (entity, images, under) => {
    ids.push(...images.map(({ id }) => id))
    return replica.bulkPut(entity, images, under)
  }
  const heard = { ...stores, postgres: { ...stores.postgres, replica: { ...replica, bulkPut } } }
  const result = await backfill({ stores: heard, entity: Parcel, batch: 10 })
  expect(result).toMatchObject({ total: 97, seen: 97, quarantined: 1, refused: 0, done: true })
  // Behind the checkpoint: of 30 documents one has no record
  expect(ids.toSorted()[0]).toBe((29).toString(16).padStart(24, '0'))
  expect(new Set(ids).size).toBe(ids.length)
  expect(await compareStores(stores, Parcel)).toEqual({ compared: 96, different: [] })
})

test('a second run finds everything there', async () => {
  const result = await backfill({ stores, entity: Parcel })
  expect(result).toMatchObject({ seen: 97, copied: 0, mended: 0, removed: 0, quarantined: 1 })
})

test.each([
  ['a mapping that is none', { mapping: 7, done: false }],
  ['a count that is none', { done: false, seen: 'ninety', after: 'f'.repeat(24) }],
  ['a place that is no id', { done: false, after: { $oid: 'f'.repeat(24) } }],
  ['text', 'copying'],
])('a checkpoint of another version with %s is none: every document is looked at again', async (_title, value) => {
  const { ledger } = stores.postgres
  const { revision = null } = (await ledger.get('backfill', 'Parcel')) ?? {}
  expect(await ledger.compareAndSet('backfill', 'Parcel', revision, value)).toBe(true)
  expect(await backfill({ stores, entity: Parcel })).toMatchObject({ seen: 97, copied: 0, quarantined: 1, done: true })
})

test.each([
  ['that goes on', 6, firstCopy(Parcel, 'mongo', null)],
  ['of another copy', 97, { ...firstCopy(Parcel, 'mongo', null), id: 'another' }],
  ['of the other direction', 97, firstCopy(Parcel, 'postgres', null)],
  ['of another epoch', 97, firstCopy(Parcel, 'mongo', 7)],
  ['of another mapping', 97, { ...firstCopy(Parcel, 'mongo', null), mapping: 'earlier' }],
])('what is left of a copy %s: %i documents are looked at', async (_, seen, kept) => {
  const { ledger } = stores.postgres
  const copy = kept.id === 'another' ? 'of nobody' : kept.id
  const early = { ...firstState(copy, { after: (0x5a).toString(16).padStart(24, '0'), upTo: null }), seen: 1 }
  const entries: readonly (readonly [kind: string, key: string, value: Json])[] = [
    ['backfill', 'Parcel', copyJson(kept)],
    [rangeKind('Parcel'), rangeKey(0), stateJson(early)],
  ]
  for (const [kind, key, value] of entries) {
    const { revision = null } = (await ledger.get(kind, key)) ?? {}
    expect(await ledger.compareAndSet(kind, key, revision, value)).toBe(true)
  }
  expect(await backfill({ stores, entity: Parcel })).toMatchObject({ seen, copied: 0, mended: 0, done: true })
})

test('a second run makes the tables equal, and keeps what it replaces', async () => {
  const { mongo, postgres } = stores
  const owed = { epoch: 1, owed: true }
  const id = (n: number): string => n.toString(16).padStart(24, '0')
  const collection = mongo.connection.collection(Parcel)
  const versioned = await mongo.authority.patch(Parcel, id(1), planPatch(Parcel, { code: 101 }), owed)
  await postgres.replica.bulkPut(Parcel, [versioned!], anyEpoch)
  // Replaced whole by a program that does not know us: the version is gone, the row has one
  await collection.replaceOne({ _id: encodeId(Parcel, id(1)) }, { code: 111, tags: ['new'], weight: 2 })
  // Changed at the same version, on either side; also where the mapping does not name it
  await collection.updateOne({ _id: encodeId(Parcel, id(2)) }, { $set: { code: 222 } })
  await collection.updateOne({ _id: encodeId(Parcel, id(3)) }, { $set: { weight: 9 } })
  await changeUnseen(stores, sql`update parcels set code = 444 where id = ${id(4)}`)
  // Ahead in the mirror, with other content
  const [image] = await mongo.outbox.images(Parcel, [id(5)])
  const ahead = { epoch: 1, counter: 9 }
  await postgres.replica.bulkPut(
    Parcel,
    [{ ...image!, version: ahead, record: { ...image!.record!, code: 555 } }],
    anyEpoch,
  )
  // Gone, behind everybody's back; and there without a document
  await collection.deleteOne({ _id: encodeId(Parcel, id(6)) })
  await postgres.replica.bulkPut(
    Parcel,
    [{ ...image!, id: id(0xabc), record: { ...image!.record!, id: id(0xabc), code: 777 } }],
    anyEpoch,
  )
  const lines: string[] = []
  const result = await backfill({ stores, entity: Parcel, batch: 10, log: (line) => lines.push(line) })
  expect(result).toMatchObject({ seen: 96, copied: 0, mended: 5, removed: 2, done: true })
  expect(await compareStores(stores, Parcel)).toEqual({ compared: 95, different: [] })
  const kept = (await mongo.ledger.tail(conflictLog, 100)).map(({ key, value }) => [
    key.slice(-1),
    (value as { record: { code: number } }).record.code,
  ])
  expect(kept.toSorted((x, y) => (x[0]! < y[0]! ? -1 : 1))).toEqual([
    ['1', 101],
    ['2', 2],
    ['3', 3],
    ['4', 444],
    ['5', 555],
    ['6', 6],
    ['c', 777],
  ])
  // A late put brings nothing back
  expect(
    await postgres.replica.bulkPut(
      Parcel,
      [{ ...image!, id: id(6), record: { ...image!.record!, id: id(6) } }],
      anyEpoch,
    ),
  ).toEqual([{ put: 'late' }])
  expect(await backfill({ stores, entity: Parcel })).toMatchObject({ seen: 96, copied: 0, mended: 0, removed: 0 })
})

describe('A MongoDB that does not answer every time', () => {
  const timeUp = { ok: 0, code: 50, codeName: 'MaxTimeMSExpired', errmsg: 'operation exceeded time limit' }

  /** A backfill whose answers from MongoDB may be others than the server gave. */
  async function through(change: (answer: Document) => Document | null, log?: (line: string) => void) {
    const uri = new URL(inject('mongoUri'))
    const proxy = await mongoProxy(Number(uri.port), { change })
    uri.port = String(proxy.port)
    const mongo = mongoStore({ uri: uri.href, database: stores.mongo.connection.db.databaseName })
    try {
      return await backfill({ stores: { ...stores, mongo }, entity: Parcel, log })
    } finally {
      await mongo.close()
      await proxy.stop()
    }
  }

  test('a collection whose documents are not counted in time is copied all the same', async () => {
    const isCount = (answer: Document): boolean => 'n' in answer && !('cursor' in answer)
    expect(await through((answer) => (isCount(answer) ? timeUp : null))).toMatchObject({
      total: null,
      seen: 96,
      done: true,
    })
  })

  test('a batch that is not read in time is read again, and that is told', async () => {
    let left = 1
    const lines: string[] = []
    const isBatch = ({ cursor }: Document): boolean =>
      cursor?.firstBatch?.some(({ tags }: Document) => tags !== undefined) === true
    const once = (answer: Document): Document | null => (isBatch(answer) && left-- > 0 ? timeUp : null)
    expect(await through(once, (line) => lines.push(line))).toMatchObject({ seen: 96, done: true })
    expect(lines).toEqual([expect.stringMatching(/^Parcel: .*; try 2 of 6 in 1 s$/)])
  })
})

test.each([
  ['off', 'Parcel is off: writes do not reach PostgreSQL: `stage set` it to dualwrite first.'],
  ['complete', 'Parcel is complete: writes do not reach MongoDB: `stage set` it to rampdown first.'],
] as const)('a type that is %s is not copied', async (stage, message) => {
  const flag = { ...initialFlag('Parcel'), stage }
  for (const { ledger } of [stores.mongo, stores.postgres])
    await raiseFlag(ledger, { ...flag, epoch: stage === 'off' ? 1 : 2 })
  await expect(backfill({ stores, entity: Parcel })).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message })
})

test('what could not be carried is told with its rule, and keeps the constraint from being made', async () => {
  await ensureConstraints(stores, [Parcel])
  const counts = await stores.postgres.dataIssues.counts(Parcel)
  expect([...counts].sort((a, b) => (a.rule < b.rule ? -1 : 1)).map(({ ids, ...count }) => count)).toEqual([
    { path: 'code', rule: 'is not a whole number of 32 bits', count: 1 },
    { path: '_id', rule: "is not of the id's kind, objectId", count: 1 },
    { path: 'from', rule: 'refers to a Parcel that does not exist', count: 1 },
    { path: 'code', rule: 'should be unique but is not', count: 2 },
  ])
})

describe('A row without a document', () => {
  const id = (n: number): string => n.toString(16).padStart(24, '0')
  /** The end of a backfill, with something that happens once it has found rows that no document is known of. */
  async function during(meanwhile: () => Promise<unknown>) {
    const { outbox } = stores.postgres
    const images: typeof outbox.images = async (...args) => {
      const copies = await outbox.images(...args)
      await meanwhile()
      return copies
    }
    const postgres = { ...stores.postgres, outbox: { ...outbox, images } }
    const stretch = { after: id(0xfff), upTo: null }
    const end = { images: [], quarantined: [], stretch, isLast: true, since: performance.now() }
    return copyLot({ stores: { ...stores, postgres }, entity: Parcel }, { from: 'mongo', under: anyEpoch }, end)
  }
  const inPostgres = async (n: number) =>
    (await stores.postgres.outbox.images(Parcel, [id(n)]))[0]?.record?.code ?? null
  const row = (n: number, counter: number, code: number) => {
    const record = newRecord(Parcel, id(n), { code })
    return {
      id: id(n),
      version: { epoch: 1, counter },
      record,
      rest: null,
      elementRests: {},
      issues: [],
      pending: false,
    }
  }

  test('stays where its document is made while it is looked at', async () => {
    await stores.postgres.replica.bulkPut(Parcel, [row(0x1001, 1, 1001)], anyEpoch)
    const insert = () =>
      stores.mongo.connection.collection(Parcel).insertOne({ _id: encodeId(Parcel, id(0x1001)), code: 1001 } as never)
    expect(await during(insert)).toMatchObject({ removed: 0 })
    expect(await inPostgres(0x1001)).toBe(1001)
  })

  test('stays where a newer version of it arrives while it is looked at', async () => {
    await stores.postgres.replica.bulkPut(Parcel, [row(0x1002, 1, 1002)], anyEpoch)
    const put = () => stores.postgres.replica.bulkPut(Parcel, [row(0x1002, 5, 1005)], anyEpoch)
    expect(await during(put)).toMatchObject({ removed: 0 })
    expect(await inPostgres(0x1002)).toBe(1005)
    expect(await during(async () => undefined)).toMatchObject({ removed: 1 })
    expect(await inPostgres(0x1002)).toBeNull()
  })
})

describe('Beside each other', () => {
  const Crate = defineEntity('Crate', { mongo: 'crates', postgres: 'crates', id: int(), fields: { n: int() } })
  let crates: TestStores
  beforeAll(async () => {
    crates = await openStores([Crate])
    const documents = Array.from({ length: 60 }, (_, n) => ({ _id: n * 100, n }))
    await crates.mongo.connection.db.collection('crates').insertMany(documents as never[])
  })
  afterAll(() => crates.close())
  const crate = (id: number, n: number) => ({
    id,
    version: { epoch: 1, counter: 1 },
    record: newRecord(Crate, id, { n }),
    rest: null,
    issues: [],
    pending: false,
  })

  test('lots are put, and the checkpoint passes none that is not', async () => {
    const { replica, ledger } = crates.postgres
    const puts: number[] = []
    let under = 0
    let most = 0
    const bulkPut: typeof replica.bulkPut = async (entity, images, epoch) => {
      if (images.length === 0) return replica.bulkPut(entity, images, epoch)
      most = Math.max(most, ++under)
      const first = Number(images[0]!.id)
      // None of the first three goes on before all three are under way, and the first lot is the last to be put
      const wait = () => most < 3 || (first === 0 && puts.length < 2)
      while (wait()) await new Promise((resolve) => setTimeout(resolve, 5))
      const { after = null } = ((await ledger.get('backfill/Crate', '0000'))?.value ?? {}) as { after?: number }
      expect(after ?? -1).toBeLessThan(first)
      const outcomes = await replica.bulkPut(entity, images, epoch)
      puts.push(first)
      under--
      return outcomes
    }
    const slow = { ...crates, postgres: { ...crates.postgres, replica: { ...replica, bulkPut } } }
    const seen: number[] = []
    const onProgress = (progress: Progress): number => seen.push(progress.seen)
    expect(await backfill({ stores: slow, entity: Crate, batch: 10, onProgress })).toMatchObject({ copied: 60 })
    expect(most).toBe(3)
    expect(puts.slice(0, 3)).not.toEqual([0, 1_000, 2_000])
    expect([...new Set(seen)]).toEqual([10, 20, 30, 40, 50, 60])
    expect(await compareStores(crates, Crate)).toEqual({ compared: 60, different: [] })
  })

  test('what the authority does not have goes, however much it is, between records and behind the last', async () => {
    const strays = Array.from({ length: 600 }, (_, n) => crate(n < 90 ? 101 + n : 10_000 + n, n))
    await crates.postgres.replica.bulkPut(Crate, strays, anyEpoch)
    expect(await backfill({ stores: crates, entity: Crate, batch: 20 })).toMatchObject({ seen: 60, removed: 600 })
    expect(await compareStores(crates, Crate)).toEqual({ compared: 60, different: [] })
  })

  test('what has gone is not named again: a stretch may have lost millions', async () => {
    const strays = Array.from({ length: 560 }, (_, n) => crate(20_000 + n, n))
    await crates.postgres.replica.bulkPut(Crate, strays, anyEpoch)
    const { reader } = crates.postgres
    const named: number[] = []
    const ids: typeof reader.ids = (entity, range, limit, without) => {
      named.push(without.length)
      return reader.ids(entity, range, limit, without)
    }
    const of = { ...crates, postgres: { ...crates.postgres, reader: { ...reader, ids } } }
    expect(await backfill({ stores: of, entity: Crate, batch: 20 })).toMatchObject({ seen: 60, removed: 560 })
    expect(named).toHaveLength(5) // the last stretch is looked at twice
    expect(Math.max(...named)).toBeLessThanOrEqual(20)
    expect(await compareStores(crates, Crate)).toEqual({ compared: 60, different: [] })
  })

  test('an image that has become too old for a put is read again first', async () => {
    const collection = crates.mongo.connection.db.collection('crates')
    await collection.updateOne({ _id: 5_900 as never }, { $set: { n: 61 } })
    const old = { ...crate(5_900, 59), version: { epoch: 0, counter: 0 } }
    const gone = { ...crate(7_000, 70), version: { epoch: 0, counter: 0 } }
    const lot = { images: [old, gone], quarantined: [], stretch: { after: 5_800, upTo: 7_000 }, isLast: false }
    const since = performance.now() - 10_001
    const options = { stores: crates, entity: Crate }
    await copyLot(options, { from: 'mongo', under: anyEpoch }, { ...lot, since })
    expect(await compareStores(crates, Crate)).toEqual({ compared: 60, different: [] })
  })
})

test('an id that is too long for an index is an issue all the same, apart from one that begins like it', async () => {
  const noise = Array.from({ length: 5_000 }, (_, n) => ((n * 7919) % 9973).toString(36)).join('')
  const { quarantine, keepOut, of } = stores.postgres.dataIssues
  const issueOf = (id: string, rule: string) => ({ id, issues: [{ path: '_id', rule, raw: '' }] })
  await quarantine(Parcel, [issueOf(`${noise}a`, 'first'), issueOf(`${noise}b`, 'second')])
  await keepOut(Parcel, [`${noise}c`], [issueOf(`${noise}c`, 'third')])
  expect(await of(Parcel, `${noise}a`)).toMatchObject([{ rule: 'first' }])
  expect(await of(Parcel, `${noise}b`)).toMatchObject([{ rule: 'second' }])
  await keepOut(Parcel, [`${noise}c`], [])
  expect(await of(Parcel, `${noise}c`)).toEqual([])
})
