import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { furtherLines } from '../../src/cli/demo/summary.ts'
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

test('it ends with commands for the app that it has shown', () => {
  const none = { documents: 0, rows: 0, dataIssues: 0, compared: 0, matched: 0, empty: 0 }
  expect(furtherLines({ types: { Book: none, Order: none } }, 'shop/crossfade.config.ts')).toEqual([
    'Look closer, in another terminal of this folder:',
    '  npm run -s crossfade -- mismatches list --config shop/crossfade.config.ts',
    '  npm run -s crossfade -- mismatches show <group> --config shop/crossfade.config.ts',
    '  npm run -s crossfade -- evidence Book --to live --config shop/crossfade.config.ts',
  ])
  expect(furtherLines({ types: { Movie: none } }, undefined).at(-1)).toBe(
    '  npm run -s crossfade -- evidence Movie --to live',
  )
})
