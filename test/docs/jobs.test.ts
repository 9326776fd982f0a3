import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ObjectId } from 'mongodb'
import { afterEach, beforeEach, expect, test } from 'vitest'
import config from '../../examples/sdl-first/crossfade.config.ts'
import { Product } from '../../examples/sdl-first/entities.ts'
import { migrateAll } from '../../src/cli/migrate.ts'
import { ledgersOf } from '../../src/control/flag-store.ts'
import { instanceKind } from '../../src/control/instances.ts'
import { setStage } from '../../src/control/move.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import type { Stores } from '../../src/routing/routing.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { adopt } from '../../src/stores/mongo/codec/adopt.ts'
import { mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { postgresStore } from '../../src/stores/postgres/postgres-store.ts'
import { type Origin, origins } from '../../src/util/origin.ts'
import { type Databases, openDatabases } from '../support/stores.ts'
import { root } from './blocks.ts'

const [program, keepLatest] = ['examples/sdl-first/jobs/mark-old.ts', 'examples/sdl-first/jobs/keep-latest.ts'] as const
const id = (n: number): string => String(n).padStart(24, '0')

let databases: Databases
let stores: Stores
let dataDir: string
beforeEach(async () => {
  databases = await openDatabases()
  const { mongoUri, databaseUrl } = databases
  stores = { mongo: mongoStore({ uri: mongoUri }), postgres: postgresStore({ uri: databaseUrl, adopt }) }
  await migrateAll({ config, stores })
  dataDir = mkdtempSync(join(tmpdir(), 'crossfade-mark-old-'))
  await stores.mongo.connection.db.collection('products').insertMany(
    Array.from({ length: 105 }, (_, n) => ({
      _id: new ObjectId(id(n)),
      sku: `S-${n}`,
      name: `Thing ${n}`,
      added_at: new Date(n < 102 ? '2024-01-05T08:30:00Z' : '2024-03-01T10:00:00Z'),
    })),
  )
})
afterEach(async () => {
  await stores.mongo.connection.db.dropDatabase()
  await Promise.all([stores.mongo.close(), stores.postgres.close()])
  await databases.drop()
  rmSync(dataDir, { recursive: true })
})

async function toStage(...stages: readonly Stage[]): Promise<void> {
  const options = { ledgers: ledgersOf(stores), log: () => undefined, sweep: async () => 0 }
  for (const stage of stages) {
    await setStage(options, { type: 'Product', stage })
    if (stage === 'dualwrite') await backfill({ stores, entity: Product })
  }
}

/** Runs the example as its first line says; one that did not end by itself would be killed, and fail. */
function run(argument: string, file: string = program): Promise<{ stdout: string; stderr: string }> {
  const { mongoUri: MONGODB_URI, databaseUrl: DATABASE_URL } = databases
  return promisify(execFile)(process.execPath, ['--conditions=@crossfade/source', file, argument], {
    cwd: root,
    env: { ...process.env, MONGODB_URI, DATABASE_URL, CROSSFADE_DATA_DIR: dataDir },
    timeout: 50_000,
  })
}

async function markedIn(origin: Origin): Promise<number> {
  const { images } = await stores[origin].reader.scan(Product, { after: null, limit: 200 })
  return images.filter(({ record }) => JSON.stringify(record?.['tags']) === '["old"]').length
}

test('the page shows the example as it is', () => {
  const page = readFileSync(join(root, 'docs/jobs.md'), 'utf8')
  expect(page).toContain(`\`\`\`ts\n${readFileSync(join(root, program), 'utf8')}\`\`\`\n`)
})

test.each([
  ['shadow', ['dualwrite', 'shadow']],
  ['live', ['dualwrite', 'shadow', 'live']],
] as const)(
  'the example does its work in %s, in both stores, and ends by itself',
  { timeout: 120_000 },
  async (_, stages) => {
    await toStage(...stages)
    expect((await run('2024-02-01')).stdout).toBe('102 products are marked as old.\n')
    for (const origin of origins) {
      expect(await markedIn(origin)).toBe(102)
      expect(await stores[origin].ledger.list(instanceKind)).toEqual([])
    }
    // Once more changes nothing
    expect((await run('2024-02-01')).stdout).toBe('102 products are marked as old.\n')
    expect(await markedIn('mongo')).toBe(102)
  },
)

test('of records with one value the latest stays, in both stores', { timeout: 120_000 }, async () => {
  const products = stores.mongo.connection.db.collection('products')
  const twin = (n: number, sku: string, day: string) => ({
    _id: new ObjectId(id(n)),
    sku,
    name: `Twin ${n}`,
    added_at: new Date(`2024-02-${day}T00:00:00Z`),
  })
  await products.insertMany([
    twin(201, 'S-7', '02'),
    twin(202, 'S-7', '03'),
    twin(203, 'S-104', '01'), // older than S-104 itself
  ])
  await toStage('dualwrite', 'shadow')
  const printed = async (argument: string): Promise<string[]> =>
    (await run(argument, keepLatest)).stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { id: string }).id)
  const doomed = [id(203), id(201), id(7)]
  expect(await printed('--dry-run')).toEqual(doomed)
  expect(await products.countDocuments()).toBe(108)
  expect(await printed('--yes')).toEqual(doomed)
  for (const origin of origins) {
    const { images } = await stores[origin].reader.scan(Product, { after: null, limit: 200 })
    const left = images.filter(({ record }) => record).map((image) => image.id)
    expect(left).toHaveLength(105)
    expect(left).toContain(id(202))
    for (const each of doomed) expect(left).not.toContain(each)
  }
  expect(await printed('--yes')).toEqual([])
})

test('the example fails where it cannot do its work, and names the store', async () => {
  databases = { ...databases, mongoUri: 'mongodb://127.0.0.1:1/shop' }
  const failed = await run('2024-02-01').catch((error: unknown) => error)
  expect(failed).toMatchObject({ code: 1, stdout: '', killed: false })
  expect(failed).toMatchObject({ stderr: expect.stringContaining('MongoDB at 127.0.0.1:1 (MONGODB_URI): ') })
})
