import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { inject } from 'vitest'
import { entities } from '../../schema/index.ts'
import { raiseFlag, readFlag } from '../../src/control/flag-store.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { openStores, type TestStores } from './stores.ts'

/** Both stores with the tables and flags of the repository's own API, and the settings with which commands find them. */
export interface CommandStores {
  readonly stores: TestStores
  readonly env: Readonly<Record<'MONGODB_URI' | 'DATABASE_URL' | 'CROSSFADE_DATA_DIR', string>>
  close(): Promise<void>
}

export async function openCommandStores(): Promise<CommandStores> {
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-commands-'))
  const stores = await openStores(entities)
  const { mongo, postgres } = stores
  await prepareFlags(
    { mongo: mongo.ledger, postgres: postgres.ledger },
    entities.map(({ name }) => name),
  )
  const [{ name }] = (await postgres.connection.run(sql`select current_database() as name`)) as [{ name: string }]
  const [mongoUri, databaseUrl] = [new URL(inject('mongoUri')), new URL(inject('databaseUrl'))]
  mongoUri.pathname = `/${mongo.connection.db.databaseName}`
  databaseUrl.pathname = `/${name}`
  return {
    stores,
    env: { MONGODB_URI: mongoUri.href, DATABASE_URL: databaseUrl.href, CROSSFADE_DATA_DIR: dataDir },
    async close() {
      await stores.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** Brings a type to `dualwrite` at its present epoch, as both stores' flags have it. */
export async function inDualwrite({ stores: { mongo, postgres } }: CommandStores, type: string): Promise<void> {
  const { flag } = (await readFlag(mongo.ledger, type))!
  for (const { ledger } of [mongo, postgres])
    await raiseFlag(ledger, { ...flag, stage: 'dualwrite', revision: flag.revision + 1 })
}
