import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { entities } from '../../schema/index.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { runCommand } from '../support/run-command.ts'
import { openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
let both: Readonly<Record<'MONGODB_URI' | 'DATABASE_URL' | 'CROSSFADE_DATA_DIR', string>>
const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-one-store-'))

beforeAll(async () => {
  stores = await openStores(entities)
  const { mongo, postgres } = stores
  await prepareFlags(
    { mongo: mongo.ledger, postgres: postgres.ledger },
    entities.map(({ name }) => name),
  )
  await mongo.ledger.append('stage', 'Movie', { note: 'kept in MongoDB' })
  await postgres.ledger.append('stage', 'Movie', { note: 'kept in PostgreSQL' })
  const [{ name }] = (await postgres.connection.run(sql`select current_database() as name`)) as [{ name: string }]
  const [mongoUri, databaseUrl] = [new URL(inject('mongoUri')), new URL(inject('databaseUrl'))]
  mongoUri.pathname = `/${mongo.connection.db.databaseName}`
  databaseUrl.pathname = `/${name}`
  both = { MONGODB_URI: mongoUri.href, DATABASE_URL: databaseUrl.href, CROSSFADE_DATA_DIR: dataDir }
})
afterAll(async () => {
  await stores.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const noPostgres = () => ({ ...both, DATABASE_URL: 'postgresql://u:zebra@127.0.0.1:9/x' })
const noMongo = () => ({ ...both, MONGODB_URI: 'mongodb://u:zebra@127.0.0.1:9/x' })

test.each([
  ['PostgreSQL', noPostgres, 'kept in MongoDB'],
  ['MongoDB', noMongo, 'kept in PostgreSQL'],
])('without %s the flags, their history and what is owed are told from the other store', async (missing, env, kept) => {
  const [list, history, status] = await Promise.all([
    runCommand(['stage', 'list', '--json'], env()),
    runCommand(['stage', 'history', 'Movie'], env()),
    runCommand(['mirror', 'status', '--json'], env()),
  ])
  const flags = JSON.parse(list.stdout) as { type: string; stage: string }[]
  expect(flags.map(({ type, stage }) => `${type} ${stage}`)).toEqual(entities.map(({ name }) => `${name} off`))
  expect(list.stderr).toMatch(new RegExp(`^${missing} at 127\\.0\\.0\\.1:9 \\(\\w+\\): .*See that it runs`, 'm'))
  expect(history.stdout).toContain(kept)
  expect((JSON.parse(status.stdout) as unknown[]).length).toBe(entities.length)
  for (const { code, stdout, stderr } of [list, history, status]) {
    expect(code).toBe(0)
    expect(stdout + stderr).not.toContain('zebra')
  }
})

test('findings need PostgreSQL: without it that is said, without MongoDB they are shown', async () => {
  const lost = await runCommand(['mismatches', 'list'], noPostgres())
  expect(lost.stderr).toMatch(
    /^Findings are kept in PostgreSQL alone\. PostgreSQL at 127\.0\.0\.1:9 .* See that it runs/m,
  )
  expect([lost.code, lost.stdout]).toEqual([2, ''])
  const shown = await runCommand(['mismatches', 'list', '--json'], noMongo())
  expect([shown.code, shown.stdout]).toEqual([0, '[]\n'])
})

test('what needs both says which one is missing, in one line', async () => {
  const { code, stderr } = await runCommand(['stage', 'set', 'Movie', 'dualwrite'], noMongo())
  expect(code).toBe(1)
  expect(stderr).toMatch(/^MongoDB at 127\.0\.0\.1:9 \(MONGODB_URI\): connect ECONNREFUSED .* See that it runs/m)
  expect(stderr).not.toMatch(/\n {4}at /)
})
