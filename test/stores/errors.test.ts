import { defineEntity, int, objectId, text } from 'crossfade'
import { sql } from 'kysely'
import {
  BSON,
  type Document,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
  MongoWriteConcernError,
} from 'mongodb'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Failure, mayAnswerElsewhere } from '../../src/stores/failure.ts'
import { connectMongo } from '../../src/stores/mongo/connection.ts'
import * as mongo from '../../src/stores/mongo/errors.ts'
import { mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { answered } from '../../src/stores/mongo/sent.ts'
import { connectPostgres, type PostgresConnection } from '../../src/stores/postgres/connection.ts'
import { ConnectionFailure } from '../../src/stores/postgres/connection-failure.ts'
import * as postgres from '../../src/stores/postgres/errors.ts'
import { mongoProxy } from '../support/mongo-proxy.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Crew = defineEntity('Crew', {
  mongo: 'crew',
  postgres: 'crew',
  id: objectId(),
  fields: { badge: text().at('badge_no').unique(), age: int() },
})

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Crew])
  await stores.postgres.connection.run(sql`alter table crew add constraint one_badge unique (badge)`)
  await stores.postgres.connection.run(sql`alter table crew add constraint grown check (age > 17)`)
  await stores.mongo.connection.collection(Crew).createIndex({ badge_no: 1 }, { unique: true })
})
afterAll(() => stores.close())

/** The error that PostgreSQL itself raises for this state. */
async function raised(state: string): Promise<unknown> {
  const statement = sql.raw(`do $$ begin raise exception 'secret' using errcode = '${state}'; end $$`)
  return stores.postgres.connection.run(statement).catch((error: unknown) => error)
}

const states: readonly (readonly [string, Failure | null])[] = [
  ['08006', 'unreachable'],
  ['57P01', 'unreachable'],
  ['57P03', 'unreachable'],
  ['25006', 'unreachable'],
  ['58030', 'unreachable'],
  ['53300', 'busy'],
  ['53100', 'busy'],
  ['55P03', 'busy'],
  ['CF006', 'busy'],
  ['40001', 'busy'],
  ['40P01', 'busy'],
  ['57014', 'timeout'],
  ['25P04', 'timeout'],
  ['28P01', 'forbidden'],
  ['28000', 'forbidden'],
  ['42501', 'forbidden'],
  ['42P01', 'unfit'],
  ['3D000', 'unfit'],
  ['26000', 'unfit'],
  ['23505', 'conflict'],
  ['22003', 'refused'],
  ['22021', 'refused'],
  ['23514', 'refused'],
  ['23502', 'refused'],
  ['54000', 'refused'],
  ['P0001', 'refused'],
  ['40003', 'unknown'],
  ['42601', null], // a syntax error is a fault of ours
  ['21000', null],
]

test.each(states)('PostgreSQL’s state %s means %s, whatever its text says', async (state, failure) => {
  const error = await raised(state)
  expect(error).toMatchObject({ code: state })
  expect(postgres.failureOf(error)).toBe(failure)
})

const codes: readonly (readonly [number, Failure | null])[] = [
  [91, 'unreachable'],
  [189, 'unreachable'],
  [10107, 'unreachable'],
  [11600, 'unreachable'],
  [11602, 'unreachable'],
  [13435, 'unreachable'],
  [13436, 'unreachable'],
  [112, 'busy'],
  [24, 'busy'],
  [50, 'timeout'],
  [262, 'timeout'],
  [13, 'forbidden'],
  [18, 'forbidden'],
  [26, 'unfit'],
  [59, 'unfit'],
  [11000, 'conflict'],
  [121, 'refused'],
  [17280, 'refused'],
  [10334, 'refused'],
  [17419, 'refused'],
  [64, 'unknown'],
  [40324, null], // an unknown stage is a fault of ours
]

test.each(codes)('MongoDB’s code %s means %s, whatever its text says', (code, failure) => {
  expect(mongo.failureOf(new MongoServerError({ message: 'secret', code }))).toBe(failure)
})

test('labels and classes of the driver tell what has no code', () => {
  const labelled = (label: string): MongoServerError => new MongoServerError({ message: 'x', errorLabels: [label] })
  expect(mongo.failureOf(labelled('TransientTransactionError'))).toBe('busy')
  expect(mongo.failureOf(labelled('SystemOverloadedError'))).toBe('busy')
  expect(mongo.failureOf(labelled('RetryableWriteError'))).toBe('unreachable')
  expect(mongo.failureOf(new MongoNetworkError('x'))).toBe('unreachable')
  expect(mongo.failureOf(new MongoServerSelectionError('x', {} as never))).toBe('unreachable')
  expect(mongo.failureOf(new MongoWriteConcernError({ code: 91, writeConcernError: {} } as never))).toBe('unknown')
  expect(mongo.failureOf(new RangeError('Invalid string length'))).toBe('refused')
  expect(mongo.failureOf(new BSON.BSONError('x'))).toBe('refused')
  expect(mongo.failureOf(new TypeError('x is not a function'))).toBeNull()
  expect(postgres.failureOf(new RangeError('Invalid string length'))).toBe('refused')
  expect(postgres.failureOf(new TypeError('x is not a function'))).toBeNull()
})

const failed = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'it succeeded',
    (error: unknown) => error,
  )

const said = (code: string, message: string) => expect.objectContaining({ code, message })
const silent = said('UNAVAILABLE', 'The data store does not answer; try again.')
const slow = said('UNAVAILABLE', 'The query took too long; ask for less.')

test('a store that is not there does not answer, and the other one may', async () => {
  const nobody = connectMongo({ uri: 'mongodb://127.0.0.1:9/x' })
  const nothing = connectPostgres({ uri: 'postgresql://127.0.0.1:9/x' })
  const first = await failed(nobody.db.collection('x').findOne({}))
  const second = await failed(nothing.run(sql`select 1`))
  expect([mongo.readError(first), postgres.readError(second)]).toEqual([silent, silent])
  for (const failure of [mongo.failureOf(first), postgres.failureOf(second)])
    expect(mayAnswerElsewhere(failure)).toBe(true)
  await nobody.client.close()
  await nothing.pool.end()
})

test('a query that its store ends took too long, and the other store is left alone', async () => {
  const hasty = connectPostgres({ uri: inject('databaseUrl'), statementTimeoutMs: 100 })
  const error = await failed(hasty.run(sql`select pg_sleep(5)`))
  expect(postgres.readError(error)).toEqual(slow)
  expect(mayAnswerElsewhere(postgres.failureOf(error))).toBe(false)
  await hasty.pool.end()
  // SecantusDB has no slow query to ask for; the code is MongoDB's MaxTimeMSExpired
  expect(mongo.readError(new MongoServerError({ message: 'x', code: 50 }))).toEqual(slow)
})

test('what our own end interrupts or comes too late for has no store', async () => {
  const client = connectMongo({ uri: inject('mongoUri') })
  await client.db.collection('x').findOne({})
  const underWay = Array.from({ length: 20 }, () => failed(client.db.collection('x').findOne({})))
  await client.client.close()
  const errors = await Promise.all(underWay)
  expect(new Set(errors.map(mongo.failureOf))).toEqual(new Set(['unreachable']))
  const ended = connectPostgres({ uri: inject('databaseUrl') })
  await ended.pool.end()
  expect(postgres.failureOf(await failed(ended.run(sql`select 1`)))).toBe('unreachable')
})

test('connections that are all in use are no silence: the call may be repeated, and the other store is left alone', async () => {
  const narrow = connectPostgres({ uri: inject('databaseUrl'), poolSize: 1, waitMs: 300 })
  const long = narrow.run(sql`select pg_sleep(2)`)
  const error = await failed(narrow.run(sql`select 1`))
  expect(postgres.failureOf(error)).toBe('full')
  expect(postgres.readError(error)).toMatchObject({ code: 'TRY_AGAIN' })
  expect(mayAnswerElsewhere('full')).toBe(false)
  await long
  await narrow.pool.end()
  const client = connectMongo({ uri: inject('mongoUri'), poolSize: 1, waitMs: 1 })
  const all = await Promise.allSettled(Array.from({ length: 300 }, () => client.db.collection('x').findOne({})))
  const refused = all.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
  expect(refused.length).toBeGreaterThan(0)
  expect(new Set(refused.map(mongo.failureOf))).toEqual(new Set(['full']))
  await client.client.close()
})

async function write(connection: PostgresConnection, error: unknown): Promise<unknown> {
  return postgres.writeError(connection, Crew, error)
}

const one = { id: 'a'.repeat(24), badge: 'top-secret-7', age: 20 }
const stamp = { epoch: 1, owed: false }

test('both stores name the field of a taken value in the same words, and never the value', async () => {
  for (const { authority } of [stores.mongo, stores.postgres]) {
    await authority.create(Crew, one, stamp)
    const error = await failed(authority.create(Crew, { ...one, id: 'b'.repeat(24) }, stamp))
    expect(error).toEqual(said('CONFLICT', 'A record with this badge exists already.'))
    expect(String((error as Error).cause)).not.toContain('top-secret-7')
    const again = await failed(authority.create(Crew, { ...one, badge: 'another' }, stamp))
    expect(again).toEqual(said('CONFLICT', 'A record with this id exists already.'))
  }
})

test('what a constraint refuses is told with its name and without the value', async () => {
  const young = { id: 'c'.repeat(24), badge: 'young', age: 16 }
  const error = await failed(stores.postgres.authority.create(Crew, young, stamp))
  const text = 'The record cannot be kept: a constraint refuses it (grown, SQLSTATE 23514).'
  expect(error).toEqual(said('BAD_USER_INPUT', text))
  expect(postgres.refusal(await raised('22003'))).toBe('a number is out of the range of its column (SQLSTATE 22003)')
  expect(postgres.refusal(await raised('53300'))).toBeNull()
  expect(postgres.isStoreTrouble(await raised('53300'))).toBe(true)
})

test('a validator’s refusal names the properties and no value', () => {
  const error = new MongoServerError({
    message: 'Document failed validation',
    code: 121,
    errInfo: {
      details: {
        operatorName: '$jsonSchema',
        schemaRulesNotSatisfied: [
          {
            operatorName: 'properties',
            propertiesNotSatisfied: [
              { propertyName: 'stars', details: [{ operatorName: 'maximum', consideredValue: 999 }] },
            ],
          },
          { operatorName: 'additionalProperties', additionalProperties: ['_cf'] },
          { operatorName: 'required', missingProperties: ['title'] },
        ],
      },
    },
  })
  expect(mongo.refusal(error)).toBe('the validator of the MongoDB collection refuses it (stars, _cf, title)')
  expect(mongo.refusal(new MongoServerError({ message: 'x', code: 13 }))).toBeNull()
  expect(mongo.isStoreTrouble(new MongoServerError({ message: 'x', code: 13 }))).toBe(true)
})

test('“nothing was written” is said only where nothing was sent or PostgreSQL rolled back', async () => {
  const { connection } = stores.postgres
  expect(await write(connection, new ConnectionFailure('unreachable', 'x'))).toEqual(
    said('UNAVAILABLE', 'PostgreSQL does not answer; nothing was written.'),
  )
  expect(await write(connection, new ConnectionFailure('unknown', 'x'))).toMatchObject({ code: 'UNKNOWN_OUTCOME' })
  expect(await write(connection, await raised('55P03'))).toMatchObject({ code: 'TRY_AGAIN' })
  expect(await write(connection, await raised('42501'))).toMatchObject({ code: 'UNAVAILABLE' })
})

const refusedBy = (code: number): MongoServerError => new MongoServerError({ message: 'x', code })
const outcomes: readonly (readonly [string, Error, number, string])[] = [
  ['no server, nothing sent', new MongoServerSelectionError('x', {} as never), 0, 'UNAVAILABLE'],
  ['no server for the retry of a lost one', new MongoServerSelectionError('x', {} as never), 1, 'UNKNOWN_OUTCOME'],
  ['a broken connection', new MongoNetworkError('x'), 1, 'UNKNOWN_OUTCOME'],
  ['no connection to send on', new MongoNetworkError('x'), 0, 'UNAVAILABLE'],
  ['not the writable one', refusedBy(10107), 0, 'UNAVAILABLE'],
  ['not the writable one, at the retry of a lost one', refusedBy(10107), 1, 'UNKNOWN_OUTCOME'],
  ['a shutdown in the middle', refusedBy(91), 1, 'UNKNOWN_OUTCOME'],
  ['a write conflict', refusedBy(112), 0, 'TRY_AGAIN'],
  ['no right', refusedBy(13), 0, 'UNAVAILABLE'],
  ['no time left', refusedBy(50), 1, 'UNKNOWN_OUTCOME'],
  ['too large', refusedBy(10334), 0, 'BAD_USER_INPUT'],
]

test.each(outcomes)('MongoDB, %s: %s with %s sent and not refused is %s', (_, error, open, code) => {
  expect(mongo.writeError(Crew, error, open)).toMatchObject({ code })
})

test('what was sent is counted for each write by itself, and reads do not count', async () => {
  const collection = stores.mongo.writes.collection(Crew)
  const lost = (work: () => Promise<unknown>): Promise<unknown> =>
    failed(
      answered(Crew, async () => {
        await work()
        throw new MongoNetworkError('lost')
      }),
    )
  expect(await lost(() => collection.findOne({}))).toMatchObject({ code: 'UNAVAILABLE' })
  const [wrote, read] = await Promise.all([
    lost(() => collection.updateOne({ badge_no: 'none' }, { $set: { age: 1 } })),
    lost(() => collection.findOne({})),
  ])
  expect(wrote).toMatchObject({ code: 'UNKNOWN_OUTCOME' })
  expect(read).toMatchObject({ code: 'UNAVAILABLE' })
})

const answerOf = (code: number, codeName: string): Document => ({
  ok: 0,
  code,
  codeName,
  errmsg: 'x',
  errorLabels: ['RetryableWriteError'],
})
const refused = answerOf(10107, 'NotWritablePrimary')
const written = { code: 91, codeName: 'ShutdownInProgress', errmsg: 'x' }
test.each([
  ['it is refused twice', [refused, refused], 'UNAVAILABLE'],
  ['it is refused, and refused for good', [refused, answerOf(13, 'Unauthorized')], 'UNAVAILABLE'],
  ['it is refused, and has no time', [refused, answerOf(50, 'MaxTimeMSExpired')], 'UNKNOWN_OUTCOME'],
  ['it is broken off, and refused', [answerOf(91, 'ShutdownInProgress'), refused], 'UNKNOWN_OUTCOME'],
  [
    'it stands on one server, and is refused',
    [{ ok: 1, n: 1, nModified: 1, writeConcernError: written, errorLabels: ['RetryableWriteError'] }, refused],
    'UNKNOWN_OUTCOME',
  ],
  [
    'its statement meets another write',
    [{ ok: 1, n: 0, writeErrors: [{ index: 0, code: 112, errmsg: 'x' }] }],
    'TRY_AGAIN',
  ],
])('what a driver tried twice has no outcome that is known unless both were refused: %s', async (_, answers, code) => {
  const left = [...answers]
  const uri = new URL(inject('mongoUri'))
  const proxy = await mongoProxy(Number(uri.port), {
    refuse: (command) => ('update' in command ? left.shift()! : null),
  })
  uri.port = String(proxy.port)
  const store = mongoStore({ uri: uri.href, database: stores.mongo.connection.db.databaseName })
  const badge = { badge_no: 'none' }
  const write = answered(Crew, () => store.writes.collection(Crew).updateOne(badge, { $set: { age: 1 } }))
  expect(await failed(write)).toMatchObject({ code })
  expect(left).toEqual([])
  await store.close()
  await proxy.stop()
})

test('a driver’s error and a fault of ours stay apart', async () => {
  const fault = new TypeError('x is not a function')
  expect(await write(stores.postgres.connection, fault)).toBe(fault)
  expect(mongo.writeError(Crew, fault, 0)).toBe(fault)
  expect([mongo.readError(fault), postgres.readError(fault)]).toEqual([fault, fault])
  expect(new pg.DatabaseError('x', 1, 'error').code).toBeUndefined()
})

test('more values than the protocol can count are refused, and no broken connection', async () => {
  const connection = connectPostgres({ uri: inject('databaseUrl') })
  const values = Array.from({ length: 65_536 }, (_, n) => n)
  const list = values.map((n) => `$${n + 1}::int`).join()
  const statement = { text: `select 1 where 1 in (${list})`, name: undefined }
  expect(postgres.failureOf(await failed(connection.runPrepared(statement, values)))).toBe('refused')
  expect(await connection.runPrepared({ text: 'select 1 as one', name: undefined }, [])).toEqual([{ one: 1 }])
  await connection.pool.end()
})

// Node's `write after FIN`, as the driver hands it on where the other end has closed a connection of its pool
test.each(['EPIPE', 'ECONNRESET', 'ETIMEDOUT', 'ERR_STREAM_DESTROYED'])(
  'a socket that breaks with %s is the store’s trouble, and a write that was sent is of unknown outcome',
  (code) => {
    const error = Object.assign(new Error('This socket has been ended by the other party'), { code })
    expect(mongo.failureOf(error)).toBe('unreachable')
    expect(mongo.writeError(Crew, error, 0)).toMatchObject({ code: 'UNAVAILABLE' })
    expect(mongo.writeError(Crew, error, 1)).toMatchObject({ code: 'UNKNOWN_OUTCOME' })
    expect(mongo.readError(error)).toMatchObject({ code: 'UNAVAILABLE' })
  },
)
