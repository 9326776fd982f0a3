import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { type Databases, openDatabases } from '../support/stores.ts'
import { killedWorkers } from '../workers/killed-workers.ts'

let databases: Databases
let dataDir: string
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'crossfade-workers-'))
  databases = await openDatabases()
})
afterAll(async () => {
  const mongo = mongoStore({ uri: databases.mongoUri })
  await mongo.connection.db.dropDatabase()
  await mongo.close()
  await databases.drop()
  rmSync(dataDir, { recursive: true, force: true })
})

test('workers that are killed at random copy everything once, while clients write', { timeout: 180_000 }, async () => {
  const env = { MONGODB_URI: databases.mongoUri, DATABASE_URL: databases.databaseUrl }
  const seed = Number(process.env['CROSSFADE_SEED'] ?? Math.floor(Math.random() * 1e6))
  console.log(`seed ${seed}`)
  const plan = { seed, documents: 2_000, kills: 3, perRange: 250, rate: 100, withinMs: 1_500, dataDir, env }
  const report = await killedWorkers(plan, (line) => console.log(line))
  console.log(JSON.stringify(report))
  expect(report).toMatchObject({ lost: 0, differing: 0, conflicts: 0, duplicates: 0, verified: 0 })
  expect(report.kills).toBeGreaterThan(0)
  expect(report.ranges).toBe(8)
  expect(report.acknowledged).toBeGreaterThan(20)
  expect(report.compared).toBeGreaterThan(1_800)
})
