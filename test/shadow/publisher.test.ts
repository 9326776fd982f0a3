import type pg from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Publisher } from '../../src/shadow/publisher.ts'
import type { Mismatch } from '../../src/stores/findings.ts'
import { type PostgresStore, postgresStore } from '../../src/stores/postgres/postgres-store.ts'
import { type Gate, openGate } from '../support/gate.ts'
import { emptyStores, openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
let gate: Gate
let behind: PostgresStore // reaches the same database through the gate
let logged: string[]
beforeAll(async () => {
  stores = await openStores([])
  gate = await openGate(stores.postgres.connection.pool.options.connectionString!)
  behind = postgresStore({ uri: gate.url }, 30_000)
})
beforeEach(async () => {
  logged = []
  await emptyStores(stores)
})
afterAll(async () => {
  await behind.close()
  await gate.shut()
  await stores.close()
})

const anHour = 3_600_000 // longer than a test: it is flushed where the test says so

function open(): Publisher {
  return new Publisher({
    keep: (seen) => behind.findings.add(seen),
    log: (_level, message) => logged.push(message),
    flushMs: anHour,
    summaryMs: anHour,
  })
}

const mismatch = (group: string, id: string | null, more: Partial<Mismatch> = {}): Mismatch => ({
  fingerprint: group,
  type: 'Note',
  resolver: 'Query.notes',
  kind: 'divergence',
  path: group,
  id,
  args: {},
  control: 1,
  candidate: 2,
  controlVersion: '1.1',
  candidateVersion: '1.1',
  ...more,
})

const counts = async (): Promise<(readonly [string, number])[]> =>
  (await stores.postgres.findings.groups()).map(({ path, count }) => [path, count] as const)

const subjects = async (group: string): Promise<(string | null)[]> =>
  (await stores.postgres.findings.show(group))!.examples.map(({ id }) => id)

/** Opens the gate; each connection that broke meanwhile fails the attempt that meets it. */
async function comeBack(told: Publisher): Promise<void> {
  await gate.open()
  while (!logged.includes('What shadow reads saw is kept again.')) await told.flush()
}

test('groups count everything; examples are of distinct records', async () => {
  const told = open()
  for (let n = 0; n < 500; n++) told.mismatch(mismatch('title', 'popular'))
  for (let n = 0; n < 50; n++) told.mismatch(mismatch('title', `id ${n}`))
  told.mismatch(mismatch('year', 'popular'))
  await told.flush()
  expect(await counts()).toEqual([
    ['title', 550],
    ['year', 1],
  ])
  expect(await subjects('title')).toHaveLength(20)
  expect(new Set(await subjects('title')).size).toBe(20)
  expect(await subjects('title')).toContain('popular')
})

test('examples of what has no record are of distinct arguments', async () => {
  const told = open()
  for (const first of [1, 2, 1, 2, 1]) told.mismatch(mismatch('count', null, { args: { first } }))
  await told.flush()
  expect(await counts()).toEqual([['count', 5]])
  const { examples } = (await stores.postgres.findings.show('count'))!
  expect(examples.map(({ example }) => (example as { args: { first: number } }).args.first).sort()).toEqual([1, 2])
})

test('several gateways and batches add up to one group with its newest examples of each record', async () => {
  const gateways = [open(), open(), open()]
  for (let turn = 0; turn < 5; turn++) {
    for (const [index, told] of gateways.entries()) {
      for (let n = 0; n < 10; n++)
        told.mismatch(mismatch(`group ${n % 4}`, `id ${(index + n) % 30}`, { candidate: `turn ${turn}` }))
    }
    await Promise.all(gateways.map((told) => told.flush()))
  }
  expect((await counts()).toSorted()).toEqual([
    ['group 0', 45],
    ['group 1', 45],
    ['group 2', 30],
    ['group 3', 30],
  ])
  const { examples } = (await stores.postgres.findings.show('group 0'))!
  for (const { example } of examples) expect(example).toMatchObject({ candidate: 'turn 4' })
  expect(await subjects('group 0')).toHaveLength(9) // 0, 4 and 8, each of three gateways
})

test('a thousand mismatches take five statements', async () => {
  const told = open()
  for (let n = 0; n < 1_000; n++) told.mismatch(mismatch(`group ${n % 50}`, `id ${n}`))
  const statements: string[] = []
  const { pool } = behind.candidate.connection
  const observe = (client: pg.PoolClient): void => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown
    client.query = ((asked: string | { readonly text: string }, ...rest: unknown[]) => {
      statements.push(typeof asked === 'string' ? asked : asked.text.slice(0, 40))
      return query(asked, ...rest)
    }) as never
  }
  pool.once('acquire', observe)
  await told.flush()
  expect(statements.map((text) => text.split(/\W/)[0])).toEqual([
    'begin',
    'with',
    'delete',
    'insert',
    'delete',
    'with',
    'commit',
  ])
})

test('while PostgreSQL is down all is counted, a thousand examples are held, and told once it is back', async () => {
  const told = open()
  told.mismatch(mismatch('before', 'id'))
  await told.flush()
  await gate.shut()
  for (let n = 0; n < 6_000; n++) told.mismatch(mismatch(`group ${n % 100}.`, `id ${n}`))
  await told.flush()
  for (let n = 0; n < 6_000; n++) told.mismatch(mismatch(`group ${n % 100}.`, `later ${n}`))
  await told.flush()
  expect(logged.filter((line) => line.startsWith('What shadow reads saw cannot be kept'))).toHaveLength(1)
  expect(await counts()).toEqual([['before', 1]])
  await comeBack(told)
  const kept = await counts()
  expect(kept).toHaveLength(101)
  expect(kept.slice(0, 100).every(([, count]) => count === 120)).toBe(true)
  const examples = await Promise.all(kept.map(([group]) => subjects(group)))
  expect(examples.flat().length).toBeLessThanOrEqual(1_001)
})

test('groups that there is no room for are lost, counted and told', async () => {
  const told = open()
  await gate.shut()
  for (let n = 0; n < 1_003; n++) told.mismatch(mismatch(`group ${n}.`, 'id'))
  await told.flush()
  for (let n = 0; n < 4; n++) told.mismatch(mismatch(`other ${n}`, 'id'))
  await told.flush()
  await comeBack(told)
  await told.stop(30_000)
  expect(await counts()).toHaveLength(1_000)
  expect(logged).toContain('7 mismatches are lost: there was no room for them until they could be kept.')
})

test('what is found while a batch fails is told with it, or lost where there is no room, and counted', async () => {
  let isDown = true
  const told: Publisher = new Publisher({
    keep: async (seen) => {
      if (!isDown) return behind.findings.add(seen)
      isDown = false
      told.mismatch(mismatch('group 0.', 'later'))
      told.mismatch(mismatch('group 0.', 'id'))
      told.mismatch(mismatch('another', 'id'))
      throw new Error('down')
    },
    log: (_level, message) => logged.push(message),
  })
  for (let n = 0; n < 1_000; n++) told.mismatch(mismatch(`group ${n}.`, 'id'))
  await told.flush()
  await told.stop(30_000)
  expect(await counts()).toHaveLength(1_000)
  expect((await counts())[0]).toEqual(['group 0.', 3])
  expect(await subjects('group 0.')).toEqual(['id'])
  expect(logged).toContain('1 mismatches are lost: there was no room for them until they could be kept.')
})

test('the log has the first of each group, and one line for all the others', async () => {
  const told = open()
  for (let n = 0; n < 1_200; n++) told.mismatch(mismatch(`group ${n % 3}`, `id ${n}`))
  expect(logged).toEqual(['mismatch', 'mismatch', 'mismatch'])
  await told.stop(30_000)
  expect(logged.slice(3)).toEqual([
    'Shadow reads found 1197 more of what was told before; see `crossfade mismatches list`.',
  ])
  expect((await counts()).map(([, count]) => count)).toEqual([400, 400, 400])
})

test('what was seen last is kept when it stops; where that takes too long it says so', async () => {
  const told = open()
  told.mismatch(mismatch('last', 'id'))
  await told.stop(30_000)
  expect(await counts()).toEqual([['last', 1]])
  const silent = new Publisher({
    keep: () => new Promise(() => undefined),
    log: (_level, message) => logged.push(message),
  })
  silent.mismatch(mismatch('lost', 'id'))
  await silent.stop(10)
  expect(logged.at(-1)).toBe('What shadow reads saw last could not be kept in time.')
})
