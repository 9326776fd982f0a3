import { sql } from 'kysely'
import type { Document } from 'mongodb'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { mappingDigest } from '../../src/entity/mapping-digest.ts'
import { latencies } from '../../src/shadow/latency.ts'
import type { Mismatch } from '../../src/stores/findings.ts'
import { type PostgresStore, postgresStore } from '../../src/stores/postgres/postgres-store.ts'
import { type Gate, openGate } from '../support/gate.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'
import { changeUnseen } from '../support/stores.ts'
import { Patient, schema } from './patients.ts'

const many = Array.from({ length: 60 }, (_, index) => ({
  _id: index + 1,
  surname: `NAME${index}`,
  body: `body ${index}`,
  n: index,
}))

let api: SmallGateway
let gate: Gate
let candidate: PostgresStore // candidate reads pass the gate
let found: Mismatch[]
let logged: string[]
beforeEach(async () => {
  found = []
  logged = []
  const opened: { gate?: Gate; candidate?: PostgresStore } = {}
  const url = (stores: { postgres: PostgresStore }): string => stores.postgres.connection.pool.options.connectionString!
  api = await openSmallGateway(schema, Patient, many as unknown as Document[], {
    log: (_level, message) => logged.push(message),
    onMismatch: (mismatch) => found.push(mismatch),
    async replace(stores) {
      opened.gate = await openGate(url(stores))
      opened.candidate = postgresStore({ uri: opened.gate.url })
      return { ...stores, postgres: { ...stores.postgres, candidate: opened.candidate.candidate } }
    },
  })
  gate = opened.gate!
  candidate = opened.candidate!
})
afterEach(async () => {
  await candidate.close() // first: its connections would keep the database from being dropped
  await gate.shut()
  await api.close()
})

const page = (from: number): string =>
  `{ patients(filter: { n: { gte: ${from} } }, by: "n") { edges { node { id body } } } }`

async function read(query: string): Promise<void> {
  expect(await api.ask(query)).not.toHaveProperty('errors')
}

const idle = (): Promise<void> => api.gateway.routing.shadow.idle()
const inPostgres = (statement: string): Promise<void> => changeUnseen(api.stores, sql.raw(statement))
const statistics = () => api.gateway.routing.shadow.statistics.of('Patient')

/** What a pool is asked from now on, and how often it is asked for a connection. */
function observed(pool: PostgresStore['connection']['pool']): { texts: string[]; connections: number } {
  const seen = { texts: [] as string[], connections: 0 }
  const [query, connect] = [pool.query.bind(pool), pool.connect.bind(pool)] as [(q: unknown) => unknown, () => unknown]
  pool.query = ((config: { text: string }) => {
    seen.texts.push(config.text)
    return query(config)
  }) as never
  pool.connect = ((...args: []) => {
    seen.connections++
    return connect(...args)
  }) as never
  return seen
}

test('half of the records missing costs the clients nothing but a bounded number of statements and lines', async () => {
  await inPostgres('delete from patients where id % 2 = 0')
  const clients = observed(api.stores.postgres.connection.pool)
  const keeping = observed(api.stores.postgres.candidate.connection.pool)
  const reading = observed(candidate.candidate.connection.pool)
  const client = async (): Promise<void> => {
    for (let n = 0; n < 60; n++) await read(page(n % 25))
  }
  await Promise.all([client(), client(), client(), client(), client()])
  await idle()

  const { sampled, shed, outages, compared, matched, lag, indeterminate, diverged, failed } = statistics()
  expect([sampled, shed + outages + compared]).toEqual([300, 300])
  expect(matched + lag + indeterminate + diverged + failed).toBe(compared)
  expect(diverged).toBeGreaterThan(100)
  const missing = found.filter(({ kind }) => kind === 'missing')
  expect(missing.length).toBeGreaterThan(500)
  expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(['missing']))
  for (const { id } of found) expect(Number(id) % 2).toBe(0)

  const { findings } = api.stores.postgres
  expect(await findings.groups()).toMatchObject([{ kind: 'missing', count: missing.length }])
  const verdicts = Object.fromEntries((await findings.verdicts()).map(({ verdict, count }) => [verdict, count]))
  expect(verdicts['diverged']).toBe(diverged)
  expect(Object.values(verdicts).reduce((sum, count) => sum + count, 0)).toBe(300)

  expect(clients.texts.filter((text) => /crossfade\.(mismatch|shadow)/.test(text))).toEqual([])
  expect(keeping.connections).toBeLessThan(found.length / 5) // one a flush, whatever is found
  expect(reading.texts.length).toBeLessThanOrEqual(3 * compared) // a read, and the looks that there is room for
  expect(logged.filter((line) => line === 'mismatch')).toHaveLength(1)
  expect(logged.filter((line) => line.startsWith('Shadow reads found')).length).toBeLessThan(found.length / 20)
})

test('a candidate that cannot be reached is an outage, told with its reason, and no mismatch', async () => {
  await gate.shut()
  await Promise.all([0, 1, 2, 3].map((from) => read(page(from))))
  await idle()
  expect(found).toEqual([])
  expect(await api.stores.postgres.findings.groups()).toEqual([])
  expect(statistics()).toMatchObject({ outages: 4, compared: 0, failed: 0 })
  expect(await api.stores.postgres.findings.failures('outage')).toMatchObject([
    { type: 'Patient', resolver: 'Query.patients', store: 'postgres', reason: 'unreachable (ECONNREFUSED)', count: 4 },
  ])
  await gate.open()
  await read(page(5))
  await idle()
  expect(statistics()).toMatchObject({ outages: 4, compared: 1, matched: 1 })
})

/** While another transaction holds the table. */
async function locked(work: () => Promise<void>): Promise<void> {
  await api.stores.postgres.connection.transaction(async (tx) => {
    await tx.run(sql`lock table patients in access exclusive mode`)
    await work()
  })
}

test('so is one that does not answer in time, and its time counts', async () => {
  await inPostgres('alter table patients rename to slow')
  await inPostgres('create view patients as select slow.* from slow, pg_sleep(6)')
  await read(page(0))
  await idle()
  expect(found).toEqual([])
  expect(await api.stores.postgres.findings.failures()).toMatchObject([
    { kind: 'outage', store: 'postgres', reason: 'timeout', count: 1 },
  ])
  const [measured] = latencies(await api.stores.postgres.findings.timings(), [], 'resolver')
  expect(measured!.postgres.p50).toBeGreaterThan(1_700)
})

test('so is one whose table is locked', async () => {
  await locked(async () => {
    await read(page(0))
    await idle()
  })
  expect(found).toEqual([])
  expect(await api.stores.postgres.findings.failures()).toMatchObject([
    { kind: 'outage', reason: 'busy (55P03)', count: 1 },
  ])
})

test('so is one whose session an operator ends', async () => {
  await locked(async () => {
    await read(page(0))
    const waiting = sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`
    while ((await api.stores.postgres.connection.run(waiting)).length === 0);
    await idle()
  })
  expect(found).toEqual([])
  expect(await api.stores.postgres.findings.failures()).toMatchObject([
    { kind: 'outage', reason: 'unreachable (57P01)', count: 1 },
  ])
})

test('a read that PostgreSQL alone refuses is a mismatch that says why', async () => {
  await inPostgres('alter table patients rename column body to text')
  await read(page(0))
  await idle()
  expect(found).toMatchObject([
    { kind: 'error', path: '42703', id: null, candidate: { code: '42703', message: 'column t.body does not exist' } },
  ])
  expect(statistics()).toMatchObject({ compared: 1, failed: 1, outages: 0 })
  const covered = await api.stores.postgres.findings.coverage('Patient', mappingDigest(Patient), 1)
  expect(covered.filter(({ compared }) => compared > 0)).toEqual([])
})

test('a read that the other store answers is told, with who answered and what that means', async () => {
  vi.spyOn(api.gateway.routing.flags, 'isDown').mockImplementation((origin) => origin === 'mongo')
  await read(page(0))
  await idle()
  expect(found).toEqual([])
  expect(logged.filter((line) => line.includes('Query.patients'))).toEqual([
    'Query.patients in mongo: UNAVAILABLE: postgres answered in its place, so nothing was compared.',
  ])
})

test('both stores are timed by the same reads, and no others', async () => {
  for (let n = 0; n < 5; n++) await read(page(n))
  await read('{ patient(id: 1) { body } }')
  await idle()
  const { findings } = api.stores.postgres
  const byResolver = latencies(await findings.timings(), await findings.failures(), 'resolver')
  expect(byResolver).toMatchObject([
    { resolver: 'Query.patient', mongo: { reads: 1, failed: 0 }, postgres: { reads: 1, failed: 0 } },
    { resolver: 'Query.patients', mongo: { reads: 5, failed: 0 }, postgres: { reads: 5, failed: 0 } },
  ])
  for (const { mongo, postgres } of byResolver) {
    expect(mongo.p50).toBeGreaterThan(0)
    expect(postgres.p99).toBeGreaterThan(0)
  }
})
