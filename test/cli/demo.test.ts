import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runCommand } from '../support/run-command.ts'
import { openDatabases } from '../support/stores.ts'

test('a demo changes records that its clients are shown, and finds each of them', async () => {
  const { mongoUri, databaseUrl, drop } = await openDatabases()
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-demo-'))
  onTestFinished(async () => {
    rmSync(dataDir, { recursive: true })
    await drop()
  })
  const env = { MONGODB_URI: mongoUri, DATABASE_URL: databaseUrl, CROSSFADE_DATA_DIR: dataDir }
  // A tenth of its products are deleted softly
  const args = ['demo', '--once', '--drift', '30', '--config', 'examples/shop/crossfade.config.ts']
  const { stdout, stderr, code } = await runCommand(args, env)
  expect(code, stderr).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ drift: { seeded: 30, found: 30, unexpected: 0 } })
})
