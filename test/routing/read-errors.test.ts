import { sql } from 'kysely'
import { MongoServerError } from 'mongodb'
import { expect, inject, test } from 'vitest'
import { readError } from '../../src/routing/read-errors.ts'
import { connectMongo } from '../../src/stores/mongo/connection.ts'
import { connectPostgres } from '../../src/stores/postgres/connection.ts'

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'it succeeded',
    (error: unknown) => readError(error),
  )

const unavailable = (message: string) => expect.objectContaining({ code: 'UNAVAILABLE', message })
const silent = unavailable('The data store does not answer; try again.')
const slow = unavailable('The query took too long; ask for less.')

test('a store that is not there does not answer', async () => {
  const mongo = connectMongo({ uri: 'mongodb://127.0.0.1:9/x' })
  const postgres = connectPostgres({ uri: 'postgresql://127.0.0.1:9/x' })
  expect(await failure(mongo.db.collection('x').findOne({}))).toEqual(silent)
  expect(await failure(postgres.run(sql`select 1`))).toEqual(silent)
  await mongo.client.close()
  await postgres.pool.end()
})

test('a query that PostgreSQL or MongoDB ends took too long', async () => {
  const postgres = connectPostgres({ uri: inject('databaseUrl'), statementTimeoutMs: 100 })
  expect(await failure(postgres.run(sql`select pg_sleep(5)`))).toEqual(slow)
  await postgres.pool.end()
  // SecantusDB has no slow query to ask for; the code is MongoDB's MaxTimeMSExpired
  expect(readError(new MongoServerError({ message: 'operation exceeded time limit', code: 50 }))).toEqual(slow)
})

test('a fault of ours stays what it is', () => {
  const fault = new TypeError('x is not a function')
  expect(readError(fault)).toBe(fault)
})
