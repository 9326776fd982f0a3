import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { ObjectId } from 'mongodb'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { runCommand } from '../support/run-command.ts'
import { openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
let env: Readonly<Record<string, string>>
const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-profile-'))
const id = new ObjectId('650000000000000000000001')

beforeAll(async () => {
  stores = await openStores([])
  const { db } = stores.mongo.connection
  await db.collection('users').insertMany([
    { _id: id, name: 'Ann', email: 'ann@example.com', password: Buffer.from('secret') },
    { _id: new ObjectId(), name: 7, email: 'bob@example.com', password: 'x' },
  ])
  await db.collection('theaters').insertOne({ theaterId: 1 })
  const [{ name }] = (await stores.postgres.connection.run(sql`select current_database() as name`)) as [
    { name: string },
  ]
  const [mongoUri, databaseUrl] = [new URL(inject('mongoUri')), new URL(inject('databaseUrl'))]
  mongoUri.pathname = `/${db.databaseName}`
  databaseUrl.pathname = `/${name}`
  env = { MONGODB_URI: mongoUri.href, DATABASE_URL: databaseUrl.href, CROSSFADE_DATA_DIR: dataDir }
})
afterAll(async () => {
  await stores.close()
  rmSync(dataDir, { recursive: true, force: true })
})

test('profile tells what the documents hold, and differs where an answer would', async () => {
  const { stdout, stderr, code } = await runCommand(['profile', 'User'], env)
  expect(stdout).toMatch(/^User: 2 documents\n\nfield +kind +null +own kind +coerced +become null +answer otherwise\n/)
  expect(stdout).toMatch(/^name +text +0 +1 +1 +0 +0$/m)
  expect(stdout).toMatch(/^password +text +0 +1 +0 +1 +1$/m)
  expect(stdout).toContain('id: 2 of objectId, such as {"$oid":"')
  expect(stdout).toContain('name: coerced: 1 of int, such as one that is hidden in {"$oid":"')
  expect(stdout).toContain(
    'password: answers otherwise than today: 1 of binData, such as one that is hidden in {"$oid":"650000000000000000000001"}\n',
  )
  expect(stdout).not.toContain(Buffer.from('secret').toString('base64'))
  expect(stderr).toMatch(/^User: \d+ of \d+ fields$/m)
  expect(code).toBe(2)
})

test('profile of clean documents ends well, as JSON and of a sample, too', async () => {
  const { stdout, code } = await runCommand(['profile', 'Theater', '--json', '--sample', '5'], env)
  expect(JSON.parse(stdout)).toMatchObject({ type: 'Theater', documents: 1, ids: [{ type: 'objectId', record: true }] })
  expect(code).toBe(0)
})

test('profile says which types there are, and shows an example first', async () => {
  const [unknown, help] = [await runCommand(['profile', 'Usher'], env), await runCommand(['profile', '--help'], env)]
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('There is no type Usher; there are')])
  expect(help.stdout).toMatch(/^Example:\n {2}crossfade profile Movie --sample 10000\n/)
})
