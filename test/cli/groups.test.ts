import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { ledgersOf } from '../../src/control/flag-store.ts'
import { killFileOf, readKilled } from '../../src/control/kill-file.ts'
import { Registration } from '../../src/control/registration.ts'
import { openPurses } from '../support/purses.ts'
import { runCommand } from '../support/run-command.ts'
import type { TestStores } from '../support/stores.ts'

const file = new URL('grouped-app/crossfade.config.ts', import.meta.url).pathname
let stores: TestStores
let env: Readonly<Record<string, string>>
const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-groups-'))

beforeAll(async () => {
  stores = await openPurses()
  const [{ name }] = (await stores.postgres.connection.run(sql`select current_database() as name`)) as [
    { name: string },
  ]
  const [mongoUri, databaseUrl] = [new URL(inject('mongoUri')), new URL(inject('databaseUrl'))]
  mongoUri.pathname = `/${stores.mongo.connection.db.databaseName}`
  databaseUrl.pathname = `/${name}`
  env = { MONGODB_URI: mongoUri.href, DATABASE_URL: databaseUrl.href, CROSSFADE_DATA_DIR: dataDir }
})
afterAll(async () => {
  await stores?.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const run = (...args: string[]) => runCommand([...args, '--config', file], env)
const runOld = (...args: string[]) => runCommand([...args, '--config', file], { ...env, OLD_APP: '1' })
const listed = async () =>
  JSON.parse((await run('stage', 'list', '--json')).stdout) as { type: string; stage: string }[]

describe('A group on the command line', { timeout: 300_000 }, () => {
  test('is made where its types move by themselves, and nothing of it is changed before', async () => {
    expect(await runOld('migrate', 'up')).toMatchObject({ code: 0 })
    const says = 'Purse moves with group money by the mapping, and by itself by the stores'
    const up = await run('migrate', 'up')
    expect(up).toMatchObject({ code: 0, stderr: expect.stringContaining(says) })
    const remedy = 'Run `crossfade group set money Purse Transfer`'
    for (const args of [
      ['stage', 'set', 'Purse', 'dualwrite'],
      ['backfill', 'Purse'],
      ['stage', 'reset', 'money', '--stage', 'off', '--why', 'x'],
    ])
      expect(await run(...args)).toMatchObject({ code: 1, stderr: expect.stringContaining(remedy) })
    expect(await run('group', 'list')).toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/^money +– +Purse, Transfer$/m),
    })
    const set = await run('group', 'set', 'money', 'Purse', 'Transfer', '--why', 'the new app')
    expect(set).toMatchObject({ code: 0, stderr: expect.stringMatching(/^money: Purse, Transfer, off, epoch 2$/m) })
    expect(await run('group', 'list')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^money +Purse, Transfer +Purse, Transfer$/m),
    })
    const old = await runOld('stage', 'set', 'Purse', 'dualwrite')
    expect(old).toMatchObject({ code: 1, stderr: expect.stringContaining('Run `crossfade group drop money`') })
  })

  test('moves by its name or by one of its types, which is said', async () => {
    const byType = await run('stage', 'set', 'Transfer', 'dualwrite', '--no-other-writers')
    expect(byType).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('Transfer moves with its group money: Purse, Transfer'),
    })
    expect(await listed()).toMatchObject([{ type: 'money', stage: 'dualwrite', members: ['Purse', 'Transfer'] }])
    expect(await run('stage', 'set', 'money', 'off')).toMatchObject({ code: 0 })
    expect(await run('stage', 'set', 'all', 'dualwrite', '--no-other-writers')).toMatchObject({ code: 0 })
    const table = await run('stage', 'list')
    expect(table.stdout).toMatch(/^money \(Purse, Transfer\) +dualwrite/m)
    expect(await run('backfill')).toMatchObject({ code: 0 })
    const live = await run('stage', 'set', 'Purse', 'live', '--no-other-writers')
    expect(live).toMatchObject({ code: 0 })
    expect(live.stderr).toMatch(/money: writes go on in postgres; they were held for \d+ ms/)
    expect(live.stderr).toMatch(/^money: live, epoch \d+, reads from postgres, \d+ % compared$/m)
    const share = await run('stage', 'set', 'Purse', '--reads', '25')
    expect(share).toMatchObject({ code: 2, stderr: expect.stringContaining('no `subject` in the configuration says') })
    const moved = await run('stage', 'set', 'Purse', '--reads', '100')
    expect(moved.stderr).toMatch(/^money: live, epoch \d+, reads from postgres, mongo 100 %, \d+ % compared$/m)
    expect((await run('stage', 'list')).stdout).toMatch(
      /^money \(Purse, Transfer\) +live +steady +\d+ +postgres, mongo 100 % /m,
    )
    expect(await run('stage', 'set', 'Purse', '--reads', '0')).toMatchObject({ code: 0 })
    expect(await run('verify')).toMatchObject({ code: 0 })
    const history = await run('stage', 'history', 'Purse')
    for (const part of ['"to":"live"', '"why":"the new app"', '"members":["Purse","Transfer"]'])
      expect(history.stdout).toContain(part)
    const reset = await run('stage', 'reset', 'Transfer', '--stage', 'off', '--why', 'restored')
    expect(reset).toMatchObject({ code: 0 })
    expect(reset.stderr).toMatch(
      /^Purse Transfer: what postgres has and mongo lacks stays there, .*`crossfade verify Purse Transfer` names it/m,
    )
    expect(await listed()).toMatchObject([{ type: 'money', stage: 'off' }])
    expect(await run('stage', 'kill', 'money')).toMatchObject({ code: 0 })
    expect(readKilled(killFileOf(dataDir))).toEqual(['money'])
    const none = await run('stage', 'set', 'Monney', 'dualwrite')
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no type Monney') })
  })

  test('is not dropped under gateways that would write nothing then, unless that is wanted', async () => {
    const sign = () => ({
      acknowledged: { money: 1_000 },
      owed: {},
      mappings: { Purse: 'of another app', Transfer: 'x' },
      alerts: [],
    })
    for (const ledger of Object.values(ledgersOf(stores))) await new Registration(ledger, 'gateway-7', sign).renew()
    const refused = await run('group', 'drop', 'money')
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('gateway-7. Stop them first; or say --hold-writes'),
    })
    const dropped = await run('group', 'drop', 'money', '--hold-writes')
    expect(dropped).toMatchObject({ code: 0, stderr: expect.stringMatching(/^Purse: by itself, off, epoch \d+$/m) })
    expect(dropped.stderr).toContain('Purse moves with group money by the mapping, and by itself by the stores')
    expect(await run('group', 'drop', 'nobody')).toMatchObject({ code: 2 })
    expect(await run('group', 'set', 'Purse', 'Transfer')).toMatchObject({ code: 2 })
  })
})
