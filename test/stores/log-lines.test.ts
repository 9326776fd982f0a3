import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Ledger, LogLine } from '../../src/stores/ledger.ts'
import { mongoLedger } from '../../src/stores/mongo/ledger.ts'
import { origins } from '../../src/util/origin.ts'
import { Account } from '../support/account.ts'
import { heardCommands } from '../support/heard-commands.ts'
import { emptyStores, openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Account])
})
beforeEach(() => emptyStores(stores))
afterAll(() => stores.close())

/** As hosts write that are quick, or whose clocks are coarse. */
async function atOneMoment(): Promise<void> {
  const at = new Date('2026-11-30T12:00:00.000Z')
  await stores.mongo.connection.db.collection('_crossfade_log').updateMany({}, { $set: { at } })
  await stores.postgres.connection.run(sql`update crossfade.log set at = ${at}`)
}

describe.each(origins)('A log of %s', (origin) => {
  let ledger: Ledger
  beforeEach(async () => {
    ledger = stores[origin].ledger
    for (const key of ['Account/1', 'Accounts/1', 'Account/2', 'Other/1', 'Account/1', 'Account/é'])
      await ledger.append('conflict', key, { of: key })
    await ledger.append('stage', 'Account/1', { of: 'another log' })
  })
  const keys = (lines: readonly LogLine[]): string[] => lines.map(({ key }) => key)

  test('tells its lines newest first by how their keys begin, and no value', async () => {
    const lines = await ledger.lines('conflict', 'Account/', 10)
    expect(keys(lines)).toEqual(['Account/é', 'Account/1', 'Account/2', 'Account/1'])
    expect(Object.keys(lines[0]!).toSorted()).toEqual(['at', 'key', 'line'])
    expect(lines[0]!.at).toBeInstanceOf(Date)
    expect(keys(await ledger.lines('conflict', '', 2))).toEqual(['Account/é', 'Account/1'])
  })

  test.each([
    ['as they come', async () => undefined],
    ['of one moment', atOneMoment],
  ])('tells lines %s page by page, each of them once', async (_, prepare) => {
    await prepare()
    const found: LogLine[] = []
    for (let n = 0; n < 4; n++) found.push(...(await ledger.lines('conflict', 'Account/', 1, found.at(-1))))
    expect(keys(found)).toEqual(['Account/é', 'Account/1', 'Account/2', 'Account/1'])
    expect(new Set(found.map(({ line }) => line)).size).toBe(4)
    expect(await ledger.lines('conflict', 'Account/', 1, found.at(-1))).toEqual([])
  })

  test('reads one line with its value, and none that is gone or of another log', async () => {
    const [, , second] = await ledger.lines('conflict', 'Account/', 10)
    expect(await ledger.line('conflict', second!.line)).toEqual({
      key: 'Account/2',
      at: second!.at,
      value: { of: 'Account/2' },
    })
    expect(await ledger.line('stage', second!.line)).toBeNull()
    await ledger.forget('conflict', 'Account/2')
    expect(await ledger.line('conflict', second!.line)).toBeNull()
  })

  test('counts its lines by type, but for those that are named; other names are passed over', async () => {
    const all = { Account: 4, Accounts: 1, Other: 1 }
    expect(Object.fromEntries(await ledger.lengths('conflict', []))).toEqual(all)
    const [newest] = await ledger.lines('conflict', 'Account/', 1)
    const [other] = await ledger.lines('conflict', 'Other/', 1)
    const except = [newest!.line, other!.line, '3fa91c00aa77', '']
    expect(Object.fromEntries(await ledger.lengths('conflict', except))).toEqual({ Account: 3, Accounts: 1 })
  })
})

test('MongoDB is asked for what the index has, and so reads no value', async () => {
  const { connection } = stores.mongo
  const [find] = await heardCommands(stores, () => mongoLedger(connection).lines('conflict', 'Account/', 10))
  const { sort, projection } = find!.command
  expect([sort, projection]).toEqual([
    new Map([
      ['at', -1],
      ['_id', -1],
    ]),
    { key: 1, at: 1 },
  ])
  const indexes = await connection.db.collection('_crossfade_log').indexes()
  expect(indexes.map(({ key }) => key)).toContainEqual({ log: 1, at: -1, _id: -1, key: 1 })
})
