import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { entities } from '../../schema/index.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import type { Entity } from '../../src/entity/entity.ts'
import { runCommand } from '../support/run-command.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-forewarnings-'))
const opened: TestStores[] = []

/** The environment of databases whose users have a closed validator, and no index. */
async function environment(tables: readonly Entity[]): Promise<Readonly<Record<string, string>>> {
  const stores = await openStores(tables)
  opened.push(stores)
  const { mongo, postgres } = stores
  const properties = { _id: {}, name: {}, email: {}, password: {} }
  const validator = { $jsonSchema: { additionalProperties: false, properties } }
  const { db } = mongo.connection
  await (tables.length > 0 ? db.command({ collMod: 'users', validator }) : db.createCollection('users', { validator }))
  const [{ name }] = (await postgres.connection.run(sql`select current_database() as name`)) as [{ name: string }]
  const [mongoUri, databaseUrl] = [new URL(inject('mongoUri')), new URL(inject('databaseUrl'))]
  mongoUri.pathname = `/${db.databaseName}`
  databaseUrl.pathname = `/${name}`
  return { MONGODB_URI: mongoUri.href, DATABASE_URL: databaseUrl.href, CROSSFADE_DATA_DIR: dataDir }
}

const envs: { made?: Readonly<Record<string, string>>; fresh?: Readonly<Record<string, string>> } = {}
beforeAll(async () => {
  envs.made = await environment(entities)
  const { mongo, postgres } = opened[0]!
  await prepareFlags(
    { mongo: mongo.ledger, postgres: postgres.ledger },
    entities.map(({ name }) => name),
  )
  envs.fresh = await environment([])
})
afterAll(async () => {
  for (const stores of opened) await stores.close()
  rmSync(dataDir, { recursive: true, force: true })
})

test.each([
  ['doctor', 'made', ['doctor'], 2],
  ['stage set', 'made', ['stage', 'set', 'User', 'dualwrite', '--no-other-writers'], 0],
  ['migrate up', 'fresh', ['migrate', 'up'], 0],
] as const)(
  '%s tells what MongoDB refuses, and what it does not promise, before the first write',
  async (_, where, args, expected) => {
    const { stderr, code } = await runCommand(args, envs[where]!)
    expect(stderr).toContain('add "_cf": { "bsonType": "object" } to the properties of its $jsonSchema.')
    expect(stderr).toContain('db.users.createIndex({ email: 1 }, { unique: true })')
    expect(code).toBe(expected)
  },
)

test.each([
  ['doctor', ['doctor'], 2],
  ['migrate up', ['migrate', 'up'], 0],
] as const)(
  '%s tells which tables have no triggers, so that nothing sees what else writes',
  async (_, args, expected) => {
    const { connection } = opened[1]!.postgres
    await connection.run(sql`drop trigger if exists crossfade_touch_parent on movie_cast`)
    const { stderr, code } = await runCommand(args, envs.fresh!)
    expect(stderr).toMatch(/^Movie: triggers are missing on movie_cast, so that .*`crossfade migrate new NAME` writes/m)
    expect(stderr).not.toContain('User: triggers')
    expect(code).toBe(expected)
  },
)
