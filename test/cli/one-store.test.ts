import { afterAll, beforeAll, expect, test } from 'vitest'
import { entities } from '../../schema/index.ts'
import { type CommandStores, openCommandStores } from '../support/command-stores.ts'
import { runCommand } from '../support/run-command.ts'
import { openDatabases } from '../support/stores.ts'

let opened: CommandStores
beforeAll(async () => {
  opened = await openCommandStores()
  await opened.stores.mongo.ledger.append('stage', 'Movie', { note: 'kept in MongoDB' })
  await opened.stores.postgres.ledger.append('stage', 'Movie', { note: 'kept in PostgreSQL' })
})
afterAll(() => opened.close())

const noPostgres = () => ({ ...opened.env, DATABASE_URL: 'postgresql://u:zebra@127.0.0.1:9/x' })
const noMongo = () => ({ ...opened.env, MONGODB_URI: 'mongodb://u:zebra@127.0.0.1:9/x' })

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
  // Asked for several things, it is told of once
  expect(list.stderr.match(/See that it runs/g)).toHaveLength(1)
  expect(history.stdout).toContain(kept)
  expect((JSON.parse(status.stdout) as unknown[]).length).toBe(entities.length)
  for (const { code, stdout, stderr } of [list, history, status]) {
    expect(code).toBe(0)
    expect(stdout + stderr).not.toContain('zebra')
  }
})

test('before the tables are made there is nothing to list, which is no success', async () => {
  const { mongoUri, databaseUrl, drop } = await openDatabases()
  const env = { ...opened.env, MONGODB_URI: mongoUri, DATABASE_URL: databaseUrl }
  const said = await runCommand(['stage', 'list'], env).finally(drop)
  expect(said.code).toBe(1)
  expect(said.stderr).toMatch(/^No flag is known for Movie, .*Run `crossfade migrate up`\.$/m)
})

test('findings need PostgreSQL: without it that is said, without MongoDB they are shown', async () => {
  const lost = await runCommand(['mismatches', 'list'], noPostgres())
  expect(lost.stderr).toMatch(
    /^Findings are kept in PostgreSQL alone\. PostgreSQL at 127\.0\.0\.1:9 .* See that it runs/m,
  )
  expect([lost.code, lost.stdout]).toEqual([2, ''])
  const shown = await runCommand(['mismatches', 'list', '--json'], noMongo())
  expect([shown.code, JSON.parse(shown.stdout)]).toEqual([
    0,
    { groups: [], covered: [], undecided: [], outages: [], verdicts: [] },
  ])
})

test('what needs both says which one is missing, in one line', async () => {
  const { code, stderr } = await runCommand(['stage', 'set', 'Movie', 'dualwrite'], noMongo())
  expect(code).toBe(1)
  expect(stderr).toMatch(/^MongoDB at 127\.0\.0\.1:9 \(MONGODB_URI\): connect ECONNREFUSED .* See that it runs/m)
  expect(stderr).not.toMatch(/\n {4}at /)
})
