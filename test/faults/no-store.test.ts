import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import config from '../../crossfade.config.ts'
import { type RunningGateway, startGateway } from '../../src/gateway/start-gateway.ts'
import { connectMongo } from '../../src/stores/mongo/connection.ts'
import { mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { postgresStore } from '../../src/stores/postgres/postgres-store.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts'

/** Databases that are filled and in stage live; what is started here reaches them through doors. */
let filled: TestGateway
let doors: Readonly<Record<'mongo' | 'postgres', TcpProxy>>
let stores: Parameters<typeof startGateway>[0]['stores']
let id: string

const portOf = (uri: string): number => Number(new URL(uri).port)

beforeAll(async () => {
  filled = await openGateway(77)
  await filled.setStage('live')
  const { mongo, postgres } = filled.stores
  id = String((await mongo.connection.db.collection('movies').findOne({}))!._id)
  const [mongoUri, databaseUrl] = [inject('mongoUri'), inject('databaseUrl')]
  doors = { mongo: await tcpProxy(portOf(mongoUri)), postgres: await tcpProxy(portOf(databaseUrl)) }
  const [{ name }] = (await postgres.connection.pool.query('select current_database() as name')).rows
  const address = new URL(databaseUrl)
  address.port = String(doors.postgres.port)
  address.pathname = `/${name}`
  const uri = `mongodb://127.0.0.1:${doors.mongo.port}/?directConnection=true`
  stores = {
    mongo: mongoStore({ uri, database: mongo.connection.db.databaseName }),
    postgres: postgresStore({ uri: address.href }),
  }
})
afterAll(async () => {
  await Promise.all([stores.mongo.close(), stores.postgres.close()])
  await Promise.all([doors.mongo.stop(), doors.postgres.stop()])
  await filled.close()
})

const logged: string[] = []
const start = (dataDir: string): Promise<RunningGateway> =>
  startGateway({
    config: { ...config, migrations: {} },
    stores,
    port: 0,
    dataDir,
    log: (_level, message) => void logged.push(message),
  })

interface Ready {
  readonly status: number
  readonly problems: readonly string[]
}

async function ready({ url }: RunningGateway): Promise<Ready> {
  const response = await fetch(url.replace('/graphql', '/readyz'))
  return { status: response.status, problems: ((await response.json()) as { problems: string[] }).problems }
}

async function until<T>(look: () => Promise<T>, wanted: (seen: T) => boolean): Promise<T> {
  for (let tries = 100; ; tries--) {
    const seen = await look()
    if (wanted(seen) || tries === 0) return seen
    await sleep(100)
  }
}

const read = 'query ($id: ID!) { movie(id: $id) { title } }'
const rate = 'mutation ($id: ID!) { rateMovie(id: $id, rating: 6) { movie { id } } }'

async function ask({ url }: RunningGateway, query: string): Promise<{ data?: unknown; code: string }> {
  const body = JSON.stringify({ query, variables: { id } })
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const { data, errors } = (await response.json()) as { data?: unknown; errors?: { extensions: { code: string } }[] }
  return { data, code: errors?.[0]?.extensions.code ?? 'none' }
}

test('with neither store there the gateway starts, is not ready, and serves as they come', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-no-store-'))
  for (const door of Object.values(doors)) door.close(true)
  const gateway = await start(dataDir)
  const first = await ready(gateway)
  expect(first.status).toBe(503)
  expect(first.problems).toContain('No stage is known for Movie. Run `crossfade migrate up`.')
  expect(first.problems).toContainEqual(expect.stringMatching(/^MongoDB: /))
  expect(first.problems).toContainEqual(expect.stringMatching(/^PostgreSQL: /))
  expect((await ask(gateway, read)).code).toBe('UNAVAILABLE')
  expect((await ask(gateway, rate)).code).toBe('UNAVAILABLE')

  doors.mongo.close(false)
  const half = await until(
    () => ask(gateway, read),
    ({ code }) => code === 'none',
  )
  expect(half.code).toBe('none') // live: PostgreSQL is down, MongoDB answers
  const second = await ready(gateway)
  expect(second.problems).toEqual([expect.stringMatching(/^PostgreSQL: /)])

  doors.postgres.close(false)
  expect(
    (
      await until(
        () => ready(gateway),
        ({ status }) => status === 200,
      )
    ).problems,
  ).toEqual([])
  expect(
    (
      await until(
        () => ask(gateway, rate),
        ({ code }) => code === 'none',
      )
    ).code,
  ).toBe('none')
  await gateway.close()

  // What it has seen it knows at its next start, whichever store is there
  doors.postgres.close(true)
  const again = await start(dataDir)
  expect(await ask(again, read)).toEqual({ data: half.data, code: 'none' })
  expect((await ready(again)).status).toBe(503)
  await again.close()
  doors.postgres.close(false)
  rmSync(dataDir, { recursive: true })
}, 120_000)

test('what keeps it from being ready is logged, one line each, when it changes', () => {
  const lines = logged.filter((line) => line.startsWith('Not ready: '))
  expect(lines).toContainEqual(expect.stringMatching(/^Not ready: MongoDB: /))
  for (const line of lines) expect(line).not.toMatch(/\n|@/)
  expect(logged).toContain('The gateway is ready.')
})

test('both stores that answer and know no stage end the start, with what to run', async () => {
  const database = `empty_${process.pid}`
  const { db, client } = connectMongo({ uri: inject('mongoUri'), database })
  const empty = { ...filled.stores, mongo: mongoStore({ uri: inject('mongoUri'), database }) }
  await filled.stores.postgres.connection.pool.query('delete from crossfade.ledger')
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-no-flag-'))
  const run = { config, stores: empty, port: 0, dataDir, log: () => undefined }
  await expect(startGateway(run)).rejects.toThrow(/^No flag is known for .*Run `crossfade migrate up`/)
  await db.dropDatabase()
  await client.close()
  await empty.mongo.close()
  rmSync(dataDir, { recursive: true })
})
