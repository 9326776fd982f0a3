import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import pg from 'pg'
import { onTestFinished } from 'vitest'
import { stopStores } from '../../src/embedded/start-stores.ts'

process.env['CROSSFADE_FAST_STORES'] = '1'
process.env['CROSSFADE_CACHE_DIR'] ??= join(tmpdir(), 'crossfade-cache')

/** The first start on a machine installs or downloads a server. */
export const timeout = 180_000

/** A new data directory; when the test ends, what still runs on it is stopped and it is removed. */
export function freshDataDir(): string {
  const dataDir = realpathSync(mkdtempSync(join(tmpdir(), 'crossfade-stores-')))
  onTestFinished(async () => {
    await stopStores(dataDir)
    rmSync(dataDir, { recursive: true, force: true })
  })
  return dataDir
}

/** Collects what would be logged. */
export function collect(): { lines: string[]; log: (line: string) => void } {
  const lines: string[] = []
  return { lines, log: (line) => lines.push(line) }
}

export async function sql(uri: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: uri })
  client.on('error', () => undefined) // the server was killed: the query rejects, and that is enough
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

export async function withMongo<T>(uri: string, work: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(uri)
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}
