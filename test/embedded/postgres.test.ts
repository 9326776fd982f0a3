import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { stopStores } from '../../src/embedded/start-stores.ts'
import { collect, freshDataDir, sql, timeout } from './data-dir.ts'

const isRoot = process.getuid?.() === 0

test.runIf(isRoot)(
  'as root, a data directory that no other user can enter has its data elsewhere, and says so',
  { timeout },
  async () => {
    const closed = freshDataDir()
    chmodSync(closed, 0o700)
    const dataDir = join(closed, 'below')
    const { lines, log } = collect()
    const { uri } = await startPostgres({ dataDir, log })
    const place = lines[0]?.match(/can't enter .*: its data is in (\S+)\.$/)?.[1]
    expect(place).toMatch(/^\/var\/lib\/crossfade\/[0-9a-f]{12}$/)
    onTestFinished(async () => {
      await stopStores(dataDir)
      rmSync(place!, { recursive: true, force: true })
    })
    await sql(uri, 'create table kept (id int)')
    expect(existsSync(join(place!, 'postgres', 'PG_VERSION'))).toBe(true)
    await stopStores(dataDir)
    const again = await startPostgres({ dataDir, log })
    expect(await sql(again.uri, 'select * from kept')).toEqual([])
  },
)

test('a cluster whose password was lost gets a new one and keeps its data', { timeout }, async () => {
  const dataDir = freshDataDir()
  const first = await startPostgres({ dataDir, log: () => undefined })
  await sql(first.uri, 'create table kept (id int)')
  rmSync(join(dataDir, 'stores.json'))
  const { lines, log } = collect()
  const second = await startPostgres({ dataDir, log })
  expect(lines[0]).toContain('not recorded')
  expect(new URL(second.uri).password).not.toBe(new URL(first.uri).password)
  expect(await sql(second.uri, 'select * from kept')).toEqual([])
})

test('what an interrupted first start left behind is made anew', { timeout }, async () => {
  const dataDir = freshDataDir()
  mkdirSync(join(dataDir, 'postgres.new'))
  writeFileSync(join(dataDir, 'postgres.new', 'PG_VERSION'), '18')
  await startPostgres({ dataDir, log: () => undefined })
  expect(existsSync(join(dataDir, 'postgres.new'))).toBe(false)
})

test('a server that cannot start says why and leaves no process', { timeout }, async () => {
  const dataDir = freshDataDir()
  await startPostgres({ dataDir, log: () => undefined })
  await stopStores(dataDir)
  const file = join(dataDir, 'postgres', 'postgresql.conf')
  writeFileSync(file, `${readFileSync(file, 'utf8')}\nmax_connections = many\n`)
  const failure = startPostgres({ dataDir, log: () => undefined })
  await expect(failure).rejects.toThrow(/it ended at once: .*invalid value for parameter "max_connections"/)
  expect(await stopStores(dataDir)).toEqual([])
})
