import { defineEntity, int, text } from 'crossfade'
import type { CommandStartedEvent, Document } from 'mongodb'
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { fieldSet } from '../../src/entity/field-set.ts'
import { totalOrder } from '../../src/query/order.ts'
import { planPatch } from '../../src/query/patch.ts'
import { everything } from '../../src/query/where.ts'
import { connectMongo, prepareMongo } from '../../src/stores/mongo/connection.ts'
import { type MongoStore, mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { anyEpoch } from '../support/any-epoch.ts'

const Note = defineEntity('Note', {
  mongo: 'notes',
  postgres: 'notes',
  id: int(),
  fields: { title: text().unique(), body: text() },
})

/** As weak as an address can make it. */
const weak = 'readPreference=secondaryPreferred&readConcernLevel=local&w=1&journal=false&wtimeoutMS=1&retryWrites=false'

let store: MongoStore
const started: CommandStartedEvent[] = []
beforeAll(async () => {
  const uri = new URL(inject('mongoUri'))
  uri.pathname = `/promises_${process.pid}`
  store = mongoStore({ uri: `${uri.href}&${weak}` })
  const { connection, candidate, control, writes, puts } = store
  for (const { client } of [connection, candidate.connection, control.connection, writes, puts])
    client.on('commandStarted', (event) => started.push(event))
  await prepareMongo(store.connection, [Note])
})
afterEach(() => {
  started.length = 0
})
afterAll(async () => {
  await store.connection.db.dropDatabase()
  await store.close()
})

const stamp = { epoch: 1, owed: true }
const record = (id: number, title: string) => ({ id, title, body: null })
const version = { epoch: 1, counter: 5 }
const image = (id: number, title: string) => ({
  id,
  version,
  pending: false,
  record: record(id, title),
  rest: null,
  issues: [],
})
const fields = fieldSet(Note, ['title'])
const page = { where: everything, order: totalOrder(Note, []), limit: 5, fields }

const calls: Readonly<Record<string, () => Promise<unknown>>> = {
  create: () => store.authority.create(Note, record(1, 'a'), stamp),
  patch: () => store.authority.patch(Note, 1, planPatch(Note, { body: 'b' }), stamp),
  'a patch of nothing that is there': () => store.authority.patch(Note, 9, planPatch(Note, { body: 'b' }), stamp),
  put: () => store.replica.bulkPut(Note, [image(2, 'c'), image(3, 'd')], anyEpoch),
  'a put that swaps values': () =>
    store.replica.bulkPut(
      Note,
      [
        { ...image(2, 'd'), version: { epoch: 1, counter: 6 } },
        { ...image(3, 'c'), version: { epoch: 1, counter: 6 } },
      ],
      anyEpoch,
    ),
  restamp: () => store.authority.restamp(Note, 2, version, { epoch: 1, counter: 9 }),
  delete: () => store.authority.delete(Note, 1, stamp),
  'deletes that were cut off': () => store.authority.settleHidden(Note, true),
  'puts that were cut off': () => store.replica.settleArriving(Note, 0),
  'what is owed': () => store.outbox.owed(Note, 0, 10),
  backlog: () => store.outbox.backlog(Note),
  images: () => store.outbox.images(Note, [1, 2]),
  'clearing of marks': () => store.outbox.clear(Note, [{ id: 2, version, deleted: false }]),
  'clearing of tombstones': () => store.outbox.clear(Note, [{ id: 1, version, deleted: true }]),
  'a flag that is read': () => store.ledger.get('flag', 'Note'),
  'flags that are read': () => store.ledger.list('flag'),
  'a flag that is made': () => store.ledger.compareAndSet('flag', 'Note', null, { stage: 'off' }),
  'a flag that is changed': () => store.ledger.compareAndSet('flag', 'Note', 1, { stage: 'shadow' }),
  claim: () => store.ledger.claim('sweep/Note', 'me', 1_000),
  release: () => store.ledger.release('sweep/Note', 'me'),
  history: () => store.ledger.append('stage', 'Note', {}),
  'history that is read': () => store.ledger.tail('stage', 5),
  'a log’s lines': () => store.ledger.lines('stage', 'Note', 5),
  'a line of a log': () => store.ledger.line('stage', '0'.repeat(24)),
  'a log’s lengths': () => store.ledger.lengths('stage', []),
  'a read by id': () => store.reader.byIds(Note, [2], fields),
  'a page': () => store.reader.query(Note, page),
  'a candidate’s page': () => store.candidate.reader.query(Note, page),
  'pages of parents': () => store.reader.queryPer(Note, { ...page, path: 'title', values: ['c', 'd'] }),
  count: () => store.reader.count(Note, everything),
  scan: () => store.reader.scan(Note, { after: null, limit: 5 }),
}

const reads = new Set(['find', 'aggregate', 'count', 'distinct'])
const writes = new Set(['insert', 'update', 'delete', 'findAndModify'])

test.each(Object.entries(calls))('%s: the primary is asked, at majority, and writes are durable', async (_, call) => {
  await call()
  const sent = started.filter(({ commandName }) => reads.has(commandName) || writes.has(commandName))
  expect(sent.length).toBeGreaterThan(0)
  for (const { commandName, command } of sent as { commandName: string; command: Document }[]) {
    if (writes.has(commandName)) expect(command['writeConcern']).toEqual({ w: 'majority', j: true })
    else expect([commandName, command['readConcern']]).toEqual([commandName, { level: 'majority' }])
    // Left out, or named: both are the primary
    expect(command['$readPreference']?.mode ?? 'primary').toMatch(/^primary(Preferred)?$/)
  }
})

test('what an address says of TLS, names, compression and the like passes through', async () => {
  const uri = `mongodb://a:1,b:2/shop?replicaSet=rs&tls=true&appName=shop&compressors=zlib&authSource=admin&authMechanism=PLAIN`
  const { client, db } = connectMongo({ uri: uri.replace('//', '//u:p%40@') })
  const { options } = client
  expect(db.databaseName).toBe('shop')
  expect(options.hosts.map(String)).toEqual(['a:1', 'b:2'])
  expect(options).toMatchObject({ replicaSet: 'rs', tls: true, appName: 'shop', compressors: ['zlib'] })
  expect(options.credentials).toMatchObject({ username: 'u', password: 'p@', source: 'admin', mechanism: 'PLAIN' })
  expect(options).toMatchObject({ retryWrites: true })
  await client.close()
})

test.each([
  ['mongodb://a:27017,b:27017/shop', 'shop'],
  ['mongodb+srv://cluster.example.com/shop?tls=false', 'shop'],
  ['mongodb://%2Ftmp%2Fmongodb-27017.sock/shop', 'shop'],
  ['mongodb://[::1]:27017/shop%2Ddev', 'shop-dev'],
])('%s names the database %s', async (uri, database) => {
  const { client, db } = connectMongo({ uri })
  expect(db.databaseName).toBe(database)
  await client.close()
})
