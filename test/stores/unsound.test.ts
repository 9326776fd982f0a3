import { append, defineEntity, embed, int, json, list, text, timestamp } from 'crossfade'
import { Long } from 'mongodb'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Issue } from '../../src/codec/refused.ts'
import { allFields } from '../../src/entity/field-set.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { profile } from '../../src/jobs/profile.ts'
import { totalOrder } from '../../src/query/order.ts'
import { planPatch } from '../../src/query/patch.ts'
import { everything } from '../../src/query/where.ts'
import { decodeRest } from '../../src/stores/mongo/codec/rest.ts'
import { type MongoStore, mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { openStores, type TestStores } from '../support/stores.ts'
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts'

const Note = defineEntity('Note', {
  mongo: 'notes',
  postgres: 'notes',
  id: int(),
  fields: {
    name: text(),
    at: timestamp(),
    words: list(text()),
    data: json(),
    rows: list(embed({ sku: text() })),
  },
})

test('of an object that is mapped nothing is unmapped where what stood beside is lost', () => {
  const Parcel = defineEntity('Parcel', {
    mongo: 'parcels',
    postgres: 'parcels',
    id: int(),
    fields: { box: embed({ size: int() }), lid: int().at('cover.lid') },
  })
  const since = new Date(Number.NaN)
  const issues: Issue[] = []
  const document = { box: { size: 1, since }, cover: { since }, other: { since } }
  expect(decodeRest(Parcel, document, issues)).toEqual({ other: {} })
  expect(issues.map(({ path }) => path)).toEqual(['box.since', 'cover.since', 'other.since'])
})

/** What the driver would not write, other programs have stored: the server's answers are changed on their way. */
const mark = Buffer.from('¤') // becomes é in Latin-1, and a space
const markedDate = Long.fromString('1234567890123') // becomes an instant of the year 287168
const instant = Buffer.from(markedDate.toBytesLE())
const farAway = Buffer.from(Long.fromString('9000000000000000').toBytesLE())

function changed(bytes: Buffer): Buffer {
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at)) bytes.set([0xe9, 0x20], at)
  for (let at = bytes.indexOf(instant); at >= 0; at = bytes.indexOf(instant, at)) bytes.set(farAway, at)
  return bytes
}

const date = new Date(Number(markedDate))
const documents = [
  { _id: 1, name: 'Ann', words: ['a'], rows: [{ sku: 'x' }] },
  { _id: 2, name: 'Ren¤', words: ['b', 'c¤', 'd'], data: { a: 'e¤', b: 1 }, unmapped: { z: 'f¤', y: 1 } },
  { _id: 3, at: date, data: { at: date }, unmapped: { on: [date, 5] } },
  { _id: 4, name: 'is \ufffd by right', rows: [{ sku: 'y', since: date }] },
  { _id: 5, name: 'Bob' },
]

let stores: TestStores
let proxy: TcpProxy
let mongo: MongoStore
let seen: TestStores
beforeAll(async () => {
  stores = await openStores([Note])
  await stores.mongo.connection.collection(Note).insertMany(documents as never)
  proxy = await tcpProxy(Number(new URL(inject('mongoUri')).port), {
    answer: (client) => (chunk) => void client.write(changed(chunk)),
  })
  const uri = `mongodb://127.0.0.1:${proxy.port}/?directConnection=true&compressors=none`
  mongo = mongoStore({ uri, database: stores.mongo.connection.db.databaseName })
  seen = { ...stores, mongo }
})
afterAll(async () => {
  await mongo.close()
  await proxy.stop()
  await stores.close()
})

const empty = { name: null, at: null, words: null, data: null, rows: null }
const records = [
  { ...empty, id: 1, name: 'Ann', words: ['a'], rows: [{ sku: 'x' }] },
  { ...empty, id: 2, words: ['b', 'd'], data: { a: null, b: 1 } },
  { ...empty, id: 3, data: { at: null } },
  { ...empty, id: 4, name: 'is \ufffd by right', rows: [{ sku: 'y' }] },
  { ...empty, id: 5, name: 'Bob' },
]
const utf8 = 'is not valid UTF-8'
const years = 'is a date outside of the years that JavaScript holds'

describe('Text that is not UTF-8, and dates that JavaScript has not', () => {
  test('are null in their field, on every way of reading', async () => {
    const { reader } = mongo
    const fields = allFields(Note)
    const page = { where: everything, order: totalOrder(Note, []), limit: 10, fields }
    expect((await reader.query(Note, page)).map(({ record }) => record)).toEqual(records)
    const byName = { ...page, order: totalOrder(Note, [{ path: 'name', direction: 'desc' }]) }
    expect((await reader.query(Note, byName)).map(({ record }) => record.id)).toContain(2)
    const found = await reader.byIds(Note, [1, 2, 3, 4, 5], fields)
    expect([1, 2, 3, 4, 5].map((id) => found.get(id)?.record)).toEqual(records)
    const images = await mongo.outbox.images(Note, [2, 3])
    expect(images.map(({ record }) => record).toSorted((a, b) => Number(a!.id) - Number(b!.id))).toEqual(
      records.slice(1, 3),
    )
  })

  test('are issues of their field, and no record keeps the others from being copied', async () => {
    expect(await backfill({ stores: seen, entity: Note })).toMatchObject({ seen: 5, copied: 5, done: true })
    const { images } = await mongo.reader.scan(Note, { after: null, limit: 10 })
    expect(images.map(({ id, issues }) => [id, issues.map(({ path, rule }) => [path, rule])])).toEqual([
      [1, []],
      [
        2,
        [
          ['name', utf8],
          ['words.1', utf8],
          ['data.a', 'has no JSON form'],
          ['unmapped.z', utf8],
        ],
      ],
      [
        3,
        [
          ['at', years],
          ['data.at', 'has no JSON form'],
          ['unmapped.on.0', years],
        ],
      ],
      [4, [['rows.0.(unmapped).since', years]]],
      [5, []],
    ])
    const streamed = []
    for await (const lot of mongo.reader.stream(Note, { after: null, limit: 2 })) streamed.push(...lot.images)
    expect(streamed).toEqual(images)
    expect(images[1]!.rest).toEqual({ unmapped: { y: { $numberInt: '1' } } })
    expect(images[2]!.rest).toEqual({ unmapped: { on: [null, { $numberInt: '5' }] } })
    const rows = await stores.postgres.reader.byIds(Note, [1, 2, 3, 4, 5], allFields(Note))
    expect([1, 2, 3, 4, 5].map((id) => rows.get(id)?.record)).toEqual(records)
  })

  test('are counted by a profile, field by field', async () => {
    const run = { mongo, entity: Note, entities: [], answer: () => undefined, sample: null }
    const { fields, documents: read } = await profile(run)
    expect(read).toBe(5)
    const lost = fields.flatMap(({ path, lost: found, invalidTexts }) =>
      found.map(({ type, rule, count }) => `${path}: ${count} ${type} ${rule}, ${invalidTexts} texts`),
    )
    expect(lost).toEqual([
      'name: 1 string is not valid UTF-8, 1 texts',
      'at: 1 date is a date outside of the years that JavaScript holds, 0 texts',
      'words: 1 string is not valid UTF-8, 1 texts',
      'data: 2 object has no JSON form, 0 texts', // a member of theirs
    ])
  })

  test('are what they were after a change of another field, from either side', async () => {
    const owed = { epoch: 1, owed: true }
    const before = await stores.mongo.connection.db.collection('notes').findOne({ _id: 2 as never })
    const image = await mongo.authority.patch(Note, 2, planPatch(Note, { rows: [] }), owed)
    expect(image).toMatchObject({ record: { name: null, rows: [] } })
    await stores.postgres.replica.bulkPut(Note, [image!], anyEpoch)
    const back = await stores.postgres.authority.patch(Note, 2, planPatch(Note, { rows: [{ sku: 'z' }] }), owed)
    expect(await mongo.replica.bulkPut(Note, [back!], anyEpoch)).toEqual([{ put: 'applied' }])
    const { rows, _cf, ...after } = (await stores.mongo.connection.db.collection('notes').findOne({ _id: 2 as never }))!
    expect({ ...after, _id: 2 }).toEqual(before)
    expect(rows).toEqual([{ sku: 'z' }])
  })

  test('keep a list from being changed that would have to be written back, and that is told', async () => {
    const change = planPatch(Note, { rows: append({ sku: 'new' }) })
    const image = await stores.postgres.authority.patch(Note, 4, change, { epoch: 1, owed: true })
    const [refused, fine] = await mongo.replica.bulkPut(
      Note,
      [image!, { ...image!, id: 6, elementRests: {}, record: { ...image!.record!, id: 6 } }],
      anyEpoch,
    )
    expect(refused).toEqual({ put: 'refused', reason: expect.stringMatching(/^rows in MongoDB holds a date or text/) })
    expect(fine).toEqual({ put: 'applied' })
    const stored = await stores.mongo.connection.db.collection('notes').findOne({ _id: 4 as never })
    expect(stored).toEqual(documents[3])
  })
})
