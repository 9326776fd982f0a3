import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { Doubts, doubt } from '../../src/control/doubts.ts'
import type { Flag } from '../../src/control/flag.ts'
import { FlagKeeper } from '../../src/control/flag-keeper.ts'
import { type Ledgers, ledgersOf, markFresh, readFlag, writeFlag } from '../../src/control/flag-store.ts'
import { FlagWatch } from '../../src/control/flag-watch.ts'
import { flagsInForce } from '../../src/control/flags-in-force.ts'
import { lostFlag } from '../../src/control/lost-flag.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { Registration } from '../../src/control/registration.ts'
import { resetStage } from '../../src/control/reset.ts'
import { recordedServer, stopServer } from '../../src/embedded/find-server.ts'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { verify } from '../../src/jobs/verify.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { postgresStore } from '../../src/stores/postgres/postgres-store.ts'
import { type Origin, origins } from '../../src/util/origin.ts'
import { Account, account, newId, openAccounts, owed, sweepOnce } from '../support/account.ts'
import { startStandby } from '../support/standby.ts'
import { changeUnseen, type TestStores } from '../support/stores.ts'

let stores: TestStores
let ledgers: Ledgers
beforeEach(async () => {
  stores = await openAccounts()
  ledgers = ledgersOf(stores)
  await prepareFlags(ledgers, ['Account'])
})
afterEach(() => stores?.close())

async function to(...stages: readonly Stage[]): Promise<void> {
  const options = { ledgers, sweep: (_: string, origin: Origin) => sweepOnce(stores, origin), log: () => undefined }
  for (const stage of stages) await setStage(options, { type: 'Account', stage })
}

/** A record that both stores have, in shadow, at epoch 2. */
async function inShadow(): Promise<string> {
  await to('dualwrite')
  const { id } = await stores.mongo.authority.create(Account, account(newId(), { visits: 1 }), { ...owed, epoch: 2 })
  await backfill({ stores, entity: Account })
  await to('shadow')
  return String(id)
}

const flagIn = async (origin: Origin) => (await readFlag(ledgers[origin], 'Account'))?.flag

describe('A mirror of which something may be lost', () => {
  test('is not taken for equal by either store, under a new epoch, and the history tells why', async () => {
    await inShadow()
    expect(await doubt(ledgers, 'Account', 'it was restored')).toBe(true)
    for (const origin of origins)
      expect(await flagIn(origin)).toMatchObject({ stage: 'shadow', state: 'steady', epoch: 3, fresh: null })
    const [entry] = await stores.mongo.ledger.tail('stage', 1)
    expect(entry?.value).toMatchObject({ from: 'shadow', to: 'shadow', epoch: 3, why: 'it was restored' })
    await expect(to('live')).rejects.toMatchObject({ message: expect.stringContaining('was not made equal') })
  })

  test('is not made fresh by a copy that began before', async () => {
    await inShadow()
    await doubt(ledgers, 'Account', 'it was restored')
    expect(await markFresh(ledgers, 'Account', 'Account', 2)).toBe(false)
    expect(await flagIn('mongo')).toMatchObject({ fresh: null })
  })

  test('is fresh again once a verification has found it equal', async () => {
    await inShadow()
    await doubt(ledgers, 'Account', 'it was restored')
    await verify({ stores, entity: Account, recheckMs: [0] })
    expect(await flagIn('mongo')).toMatchObject({ epoch: 3, fresh: 3 })
    await to('live')
  })

  test('is not where it differs, until a copy has made it equal', async () => {
    const id = await inShadow()
    await doubt(ledgers, 'Account', 'it was restored')
    await changeUnseen(stores, sql`update accounts set visits = 9 where id = ${id}`)
    await verify({ stores, entity: Account, recheckMs: [0] })
    expect(await flagIn('mongo')).toMatchObject({ fresh: null })
    await backfill({ stores, entity: Account })
    expect(await flagIn('mongo')).toMatchObject({ fresh: 3 })
  })

  test('matters to nobody where there is none, and has to wait while authority moves', async () => {
    expect(await doubt(ledgers, 'Account', 'it was restored')).toBe(true)
    expect(await flagIn('mongo')).toMatchObject({ stage: 'off', epoch: 1 })
    await inShadow()
    const copy = (await readFlag(ledgers.mongo, 'Account'))!
    const draining: Flag = { ...copy.flag, state: 'draining', target: 'live', revision: copy.flag.revision + 1 }
    await writeFlag(ledgers.mongo, copy, draining)
    expect(await doubt(ledgers, 'Account', 'it was restored')).toBe(false)
    expect(await flagIn('mongo')).toMatchObject({ state: 'draining', fresh: 2 })
    const left = (await readFlag(ledgers.mongo, 'Account'))!
    await writeFlag(ledgers.mongo, left, { ...left.flag, state: 'retired', revision: left.flag.revision + 1 })
    expect(await doubt(ledgers, 'Account', 'it was restored')).toBe(true)
    expect(await flagIn('mongo')).toMatchObject({ state: 'retired', fresh: 2 })
  })

  test('is left to people where the store that has authority lost its flag as well', async () => {
    await inShadow()
    const copy = (await readFlag(ledgers.mongo, 'Account'))!
    const earlier: Flag = { ...copy.flag, stage: 'dualwrite', revision: copy.flag.revision - 1 }
    await writeFlag(ledgers.mongo, copy, earlier)
    expect(await doubt(ledgers, 'Account', 'it was restored')).toBe(true)
    expect(await flagIn('mongo')).toEqual(earlier)
  })
})

describe('A flag of which the store with authority knows an older copy', () => {
  const says =
    'Account is shadow, epoch 2, and mongo, which has authority, knows an older flag: it was restored, or has lost what it had. Nobody writes Account until you say which store is believed: `crossfade stage reset Account --stage off --why "…"` for MongoDB, or `crossfade stage reset Account --stage complete --why "…"` for PostgreSQL.'

  /** @param flag null as where nothing of it was in the dump. */
  async function restore(flag: Partial<Flag> | null): Promise<void> {
    const copy = (await readFlag(ledgers.mongo, 'Account'))!
    if (flag === null) await ledgers.mongo.remove('flag', 'Account')
    else await writeFlag(ledgers.mongo, copy, { ...copy.flag, revision: copy.flag.revision - 1, ...flag })
  }

  test.each([
    ['of an earlier stage', { stage: 'dualwrite' }],
    ['of an earlier epoch', { stage: 'off', epoch: 1, fresh: null }],
    ['gone', null],
  ] as const)('%s: no stage is set, nothing is copied, and it is said how writes go on', async (_, flag) => {
    await inShadow()
    await restore(flag)
    for (const stage of ['dualwrite', 'live', 'off'] as const)
      await expect(to(stage)).rejects.toMatchObject({ code: 'CONFLICT', message: says })
    // It would replace what the other store has had since
    await expect(backfill({ stores, entity: Account })).rejects.toMatchObject({ code: 'CONFLICT', message: says })
    expect((await flagsInForce(stores)).lost.map(lostFlag)).toEqual([says])
    const options = { ledgers, log: () => undefined }
    expect(await resetStage(options, 'Account', 'off')).toMatchObject({ stage: 'off', epoch: 1_002 })
    expect((await flagsInForce(stores)).lost).toEqual([])
    await to('dualwrite')
  })

  test('is told by gateways', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-lost-'))
    await inShadow()
    const logged: string[] = []
    const sign = () => ({ acknowledged: {}, owed: {}, mappings: {}, alerts: [] })
    const flags = new FlagWatch({ id: 'g', sign, entities: [Account], ledgers, dataDir, log: () => undefined })
    onTestFinished(async () => {
      await flags.stop()
      rmSync(dataDir, { recursive: true, force: true })
    })
    await flags.start()
    const keeper = new FlagKeeper(['Account'], flags, { ledgers, log: (line) => void logged.push(line) })
    const looks = async (): Promise<void> => {
      for (let look = 0; look < 3; look++) await keeper.look()
    }
    await looks()
    expect(logged).toEqual([])
    await restore({ stage: 'dualwrite' })
    await flags.refresh()
    await looks()
    expect(logged).toEqual([says]) // once
    expect(flags.forWrite('Account')).toBeNull()
  })

  test('is none while authority is handed over: the new one is told last', async () => {
    await inShadow()
    const { flag } = (await readFlag(ledgers.mongo, 'Account'))!
    const copy = (await readFlag(ledgers.mongo, 'Account'))!
    await writeFlag(ledgers.mongo, copy, {
      ...flag,
      stage: 'live',
      state: 'handed',
      epoch: 3,
      fresh: 3,
      revision: flag.revision + 2,
    })
    expect((await flagsInForce(stores)).lost).toEqual([])
    await to('shadow')
  })
})

test.each(origins)('a gateway sees that %s knows less of it than it has acknowledged', async (origin) => {
  let less = 0
  const sign = () => ({ acknowledged: {}, owed: {}, mappings: {}, alerts: [] })
  const registration = new Registration(ledgers[origin], 'first', sign, () => less++)
  for (let n = 0; n < 3; n++) await registration.renew()
  await ledgers[origin].remove('instance', 'first') // as a mover forgets one: that is nothing
  await registration.renew()
  expect(less).toBe(0)
  for (let n = 0; n < 3; n++) await registration.renew()
  await ledgers[origin].remove('instance', 'first')
  await ledgers[origin].compareAndSet('instance', 'first', null, sign())
  await registration.renew()
  expect(less).toBe(1)
})

describe('A gateway that meets a store', () => {
  const doubtsWith = (lineage: string | null) => {
    const logged: string[] = []
    const log = (_: string, line: string) => logged.push(line)
    return {
      logged,
      doubts: new Doubts({ members: new Map([['Account', ['Account']]]), ledgers, lineage: async () => lineage, log }),
    }
  }

  test('that goes on from another state than before doubts its mirrors, once', async () => {
    await inShadow()
    for (const [lineage, epoch, lines] of [
      ['7/1', 2, 0],
      ['7/1', 2, 0],
      [null, 2, 0],
      ['7/2', 3, 1],
      ['7/2', 3, 0],
    ] as const) {
      const { doubts, logged } = doubtsWith(lineage)
      await doubts.answers('postgres')
      expect(await flagIn('mongo')).toMatchObject({ epoch })
      expect(logged).toHaveLength(lines)
      for (const line of logged) expect(line).toMatch(/^Account: postgres has gone on .*`crossfade verify Account`/)
    }
  })
})

test('a standby tells its lineage once it takes writes, and nothing is given up before', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-standby-'))
  const uri = new URL((await startPostgres({ dataDir, log: () => undefined })).uri)
  const standby = await startStandby(dataDir, uri.href)
  onTestFinished(async () => {
    await standby.stop()
    await stopServer(dataDir, 'postgres')
    rmSync(dataDir, { recursive: true, force: true })
  })
  uri.port = String(standby.port)
  const store = postgresStore({ uri: uri.href })
  await expect(store.lineage()).rejects.toThrow('does not take writes yet')
  await standby.promote()
  expect(await store.lineage()).toMatch(/^\d+\/00000002$/)
  await store.close()
})

test('a server that was recovered from its log is of another lineage, also for who was not there', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-restored-'))
  const log = (): void => undefined
  const lineage = async (): Promise<string | null> => {
    const store = postgresStore({ uri: (await startPostgres({ dataDir, log })).uri })
    return store.lineage().finally(() => store.close())
  }
  onTestFinished(async () => {
    await stopServer(dataDir, 'postgres')
    rmSync(dataDir, { recursive: true, force: true })
  })
  const first = await lineage()
  expect(first).toMatch(/^\d+\/00000001$/)
  const { data } = recordedServer(dataDir, 'postgres')!
  await stopServer(dataDir, 'postgres')
  expect(await lineage()).toBe(first)
  await stopServer(dataDir, 'postgres')
  writeFileSync(join(data, 'recovery.signal'), '')
  appendFileSync(join(data, 'postgresql.auto.conf'), "restore_command = 'false'\n")
  // It answers reads before it has recovered
  expect(await vi.waitFor(lineage, 30_000)).toBe(first!.replace(/1$/, '2'))
  const uri = new URL((await startPostgres({ dataDir, log })).uri)
  const owner = postgresStore({ uri: uri.href })
  await owner.connection.run(sql`revoke execute on function pg_control_system() from public`)
  await owner.connection.run(sql`create role plain login password 'plain'`)
  await owner.close()
  Object.assign(uri, { username: 'plain', password: 'plain' })
  const plain = postgresStore({ uri: uri.href })
  expect(await plain.lineage()).toBeNull() // who may not ask knows nothing, and does not ask for ever
  await plain.close()
})
