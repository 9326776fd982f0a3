import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startStores } from '../../src/embedded/start-stores.ts'

declare module 'vitest' {
  interface ProvidedContext {
    mongoUri: string
    postgresUri: string
  }
}

/** Starts both real stores once for the whole run; each test file makes databases of its own on them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  process.env['CROSSFADE_FAST_STORES'] = '1'
  process.env['CROSSFADE_CACHE_DIR'] ??= join(tmpdir(), 'crossfade-cache')
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-test-'))
  const { MONGODB_URI: mongoUri, DATABASE_URL: databaseUrl } = process.env
  const stores = await startStores({ dataDir, mongoUri, databaseUrl, log: (line) => console.error(line) })
  project.provide('mongoUri', stores.mongo.uri)
  project.provide('postgresUri', stores.postgres.uri)
  return async () => {
    await stores.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}
