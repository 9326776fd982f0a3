import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { startMongo } from '../../src/embedded/mongo.ts'
import { storesStatus } from '../../src/embedded/start-stores.ts'
import { collect, freshDataDir, timeout } from './data-dir.ts'

beforeEach(() => () => vi.unstubAllEnvs())

function script(file: string, text: string): string {
  writeFileSync(file, `#!/bin/sh\n${text}\n`)
  chmodSync(file, 0o755)
  return file
}

test('a mongod that does not run gives way to the next, with the reason', { timeout }, async () => {
  vi.stubEnv('MONGOMS_SYSTEM_BINARY', '/bin/false')
  const { lines, log } = collect()
  const { startedHere } = await startMongo({ dataDir: freshDataDir(), log })
  expect(startedHere).toBe(true)
  expect(lines[0]).toMatch(
    /^MongoDB: not a mongod on PATH or at MONGOMS_SYSTEM_BINARY: \/bin\/false (is not a mongod|--version fails)/,
  )
})

test('a mongod that ends at its start gives way to the next, with its last words', { timeout }, async () => {
  const dataDir = freshDataDir()
  const text = 'case "$1" in --version) echo "db version v8.0";; *) echo "no such CPU" >&2; exit 1;; esac'
  vi.stubEnv('MONGOMS_SYSTEM_BINARY', script(join(dataDir, 'broken-mongod'), text))
  const { lines, log } = collect()
  await startMongo({ dataDir, log })
  expect(lines[0]).toMatch(/broken-mongod: it ended at once: no such CPU$/)
  expect(storesStatus(dataDir)).toHaveLength(1)
})

test('where no way works, one error names them all', { timeout }, async () => {
  const dataDir = freshDataDir()
  vi.stubEnv('MONGOMS_SYSTEM_BINARY', '')
  vi.stubEnv('MONGOMS_DOWNLOAD_MIRROR', 'http://127.0.0.1:9')
  vi.stubEnv('PATH', dataDir)
  vi.stubEnv('CROSSFADE_CACHE_DIR', join(dataDir, 'cache'))
  const failure = await startMongo({ dataDir, log: () => undefined }).catch((error: Error) => error.message)
  expect(String(failure).split('\n')).toEqual([
    'MongoDB could not be started:',
    '- a mongod on PATH or at MONGOMS_SYSTEM_BINARY: there is none on PATH, and MONGOMS_SYSTEM_BINARY is not set',
    "- a mongod downloaded by mongodb-memory-server-core: 127.0.0.1:9 can't be reached within 4 s",
    '- SecantusDB 0.7.0b3 from PyPI (needs python3 with venv): python3 is not installed',
    'Set MONGODB_URI, or make one of these work.',
  ])
})

test('a server that holds data is never replaced by an empty one of another kind', { timeout }, async () => {
  const dataDir = freshDataDir()
  const good = await startMongo({ dataDir, log: () => undefined })
  process.kill(good.pid!, 'SIGKILL')
  // The data is spoilt, so that the server can't start on it.
  const data = join(dataDir, good.name === 'MongoDB' ? 'mongodb' : 'secantusdb')
  for (const file of ['WiredTiger.wt', 'WiredTiger.turtle']) writeFileSync(join(data, file), 'spoilt')
  const { lines, log } = collect()
  await expect(startMongo({ dataDir, log })).rejects.toThrow(`Its data is in ${data}, so no other server is tried`)
  expect(lines).toHaveLength(1)
  expect(storesStatus(dataDir)).toEqual([])
  rmSync(data, { recursive: true })
  expect((await startMongo({ dataDir, log })).startedHere).toBe(true)
})
