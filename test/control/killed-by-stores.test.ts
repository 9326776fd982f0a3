import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { ledgersOf } from '../../src/control/flag-store.ts'
import { KillSwitch } from '../../src/control/kill-switch.ts'
import { killByStores, killedAmong, killedKind } from '../../src/control/killed-by-stores.ts'
import { overwrite } from '../../src/stores/ledger.ts'
import { origins } from '../../src/util/origin.ts'
import { openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([])
})
afterAll(() => stores?.close())

function openSwitch(): KillSwitch {
  const directory = mkdtempSync(join(tmpdir(), 'crossfade-switch-'))
  const killSwitch = new KillSwitch(directory, [
    { name: 'Movie', group: null },
    { name: 'Account', group: 'money' },
  ])
  onTestFinished(async () => {
    await killSwitch.stop()
    rmSync(directory, { recursive: true })
  })
  return killSwitch
}

const said = (on: boolean, at: number) => ({ on, at, by: 'Ada' })

test('what was said last of a name holds, whichever store tells it first', () => {
  const killSwitch = openSwitch()
  const isOn = () => [killSwitch.isOn('Movie'), killSwitch.isOn('Account')]
  killSwitch.learn(new Map([['Movie', said(true, 2)]]))
  killSwitch.learn(new Map([['Movie', said(false, 1)]]))
  expect([isOn(), killSwitch.namesByStores()]).toEqual([[true, false], ['Movie']])
  killSwitch.learn(new Map([['money', said(true, 3)]]))
  expect(isOn()).toEqual([true, true])
  killSwitch.learn(new Map([['Movie', said(false, 4)]]))
  expect([isOn(), killSwitch.namesByStores()]).toEqual([[false, true], ['money']])
  killSwitch.learn(new Map([['all', said(true, 5)]]))
  expect(isOn()).toEqual([true, true])
  // Of two who spoke at once, in whichever order they are read
  killSwitch.learn(new Map([['all', said(false, 5)]]))
  expect(isOn()).toEqual([true, true])
  killSwitch.learn(new Map([['all', said(false, 6)]]))
  killSwitch.learn(new Map([['all', said(true, 6)]]))
  expect(isOn()).toEqual([true, true])
})

test('who lets go of all lets go of each name, in both stores, also of what a fast clock has said', async () => {
  const ledgers = ledgersOf(stores)
  const on = async () => {
    const found = killedAmong(await stores.postgres.ledger.list(killedKind))
    expect(killedAmong(await stores.mongo.ledger.list(killedKind))).toEqual(found)
    return [...found].map(([name, killing]) => `${name} ${killing.on} ${killing.by}`).sort()
  }
  expect(await killByStores(ledgers, 'Movie', true, 'Ada')).toMatchObject({
    untold: [],
    said: new Map([['Movie', { on: true, by: 'Ada' }]]),
  })
  await killByStores(ledgers, 'money', true, 'Bob')
  expect(await on()).toEqual(['Movie true Ada', 'money true Bob'])
  await killByStores(ledgers, 'all', false, 'Eve')
  expect(await on()).toEqual(['Movie false Eve', 'all false Eve', 'money false Eve'])
  const history = await Promise.all(origins.map((origin) => ledgers[origin].tail('stage', 10)))
  expect(history.flat().map(({ key, value }) => [key, value])).toEqual([
    ['all', { killed: false, by: 'Eve' }],
    ['money', { killed: true, by: 'Bob' }],
    ['Movie', { killed: true, by: 'Ada' }],
  ])

  const ahead = { on: true, at: Date.now() + 60_000, by: 'a fast clock' }
  await overwrite(stores.postgres.ledger, killedKind, 'Movie', ahead)
  await killByStores(ledgers, 'Movie', false, 'Eve')
  expect(await on()).toContain('Movie false Eve')
})
