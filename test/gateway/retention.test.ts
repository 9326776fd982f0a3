import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Retention } from '../../src/gateway/retention.ts'
import { conflictLog } from '../../src/mirror/conflicts.ts'
import { closedKind } from '../../src/mirror/kept-conflicts.ts'
import { recordingsIn } from '../../src/replay/recordings.ts'
import type { SeenGroup } from '../../src/stores/findings.ts'
import { type Ledger, overwrite } from '../../src/stores/ledger.ts'
import { origins } from '../../src/util/origin.ts'
import { Account } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { nothingSeen } from '../support/nothing-seen.ts'
import { emptyStores, openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
let dataDir: string
const logged: string[] = []
beforeAll(async () => {
  stores = await openStores([Account])
})
beforeEach(async () => {
  await emptyStores(stores)
  dataDir = mkdtempSync(join(tmpdir(), 'crossfade-retention-'))
  logged.length = 0
})
afterEach(() => rmSync(dataDir, { recursive: true }))
afterAll(() => stores.close())

const dayMs = 86_400_000
const retention = (days?: number): Retention =>
  new Retention({
    stores,
    entities: [Account],
    dataDir,
    owner: 'a',
    log: (_, text) => void logged.push(text),
    ...(days ? { days } : {}),
  })

/** As if all of it had been written so long ago. */
async function age(days: number): Promise<void> {
  const { mongo, postgres } = stores
  const at = new Date(Date.now() - days * dayMs)
  for (const name of ['_crossfade_log', '_crossfade_ledger'])
    await mongo.connection.db.collection(name).updateMany({}, { $set: { at } })
  for (const table of ['log', 'ledger'])
    await postgres.connection.run(sql`update ${sql.table(`crossfade.${table}`)} set at = ${at}`)
}

const each = <T>(work: (ledger: Ledger) => Promise<T>): Promise<T[]> =>
  Promise.all(origins.map((origin) => work(stores[origin].ledger)))

test('replaced copies go after 30 days, with what was said of them; other logs and younger copies stay', async () => {
  await each((ledger) => ledger.append(conflictLog, 'Account/old', { record: null }))
  await each((ledger) => ledger.append('stage', 'Account', { to: 'shadow' }))
  await each((ledger) => ledger.compareAndSet(closedKind, 'abc', null, { keep: 'authority', why: 'checked' }))
  await age(31)
  await each((ledger) => ledger.append(conflictLog, 'Account/new', { record: null }))
  await each((ledger) => ledger.compareAndSet(closedKind, 'def', null, { keep: 'authority', why: 'checked' }))
  await retention().round()
  expect(await each(async (ledger) => (await ledger.tail(conflictLog, 10)).map(({ key }) => key))).toEqual([
    ['Account/new'],
    ['Account/new'],
  ])
  expect(await each(async (ledger) => (await ledger.list(closedKind)).map(({ key }) => key))).toEqual([
    ['def'],
    ['def'],
  ])
  expect(await each((ledger) => ledger.length('stage'))).toEqual([1, 1])
  expect(logged).toEqual([])
})

test('they stay as long as the setting says, and not longer', async () => {
  await each((ledger) => ledger.append(conflictLog, 'Account/old', { record: null }))
  await age(31)
  await retention(32).round()
  expect(await each((ledger) => ledger.length(conflictLog))).toEqual([1, 1])
  await retention(1).round()
  expect(await each((ledger) => ledger.length(conflictLog))).toEqual([0, 0])
})

test('many go in batches, of which none takes more than it may', async () => {
  const { postgres, mongo } = stores
  await postgres.connection.run(
    sql`insert into crossfade.log (log, key, value) select ${conflictLog}, 'Account/' || n, '{}' from generate_series(1, 1200) n`,
  )
  const at = new Date()
  await mongo.connection.db
    .collection('_crossfade_log')
    .insertMany(Array.from({ length: 1200 }, (_, n) => ({ log: conflictLog, key: `Account/${n}`, at, value: '{}' })))
  await age(31)
  expect(await each((ledger) => ledger.expire(conflictLog, 30 * dayMs, 500))).toEqual([500, 500])
  expect(await each((ledger) => ledger.length(conflictLog))).toEqual([700, 700])
  await retention().round()
  expect(await each((ledger) => ledger.length(conflictLog))).toEqual([0, 0])
})

const group = (fingerprint: string, agoMs: number): SeenGroup => ({
  fingerprint,
  type: 'Account',
  resolver: 'Query.accounts',
  kind: 'divergence',
  path: 'email',
  count: 1,
  firstMs: agoMs,
  lastMs: agoMs,
  examples: [{ subject: fingerprint, id: fingerprint, agoMs, example: { args: {} } }],
})

test('findings go that were closed and not seen for so long, with their examples, notes and rules that are over', async () => {
  const { findings, triage, connection } = stores.postgres
  await findings.add({ ...nothingSeen, groups: [group('old', 31 * dayMs), group('new', 29 * dayMs)] })
  await findings.close('old', 'mended', 'Ann')
  for (const name of ['old', 'new']) await triage.comment(name, 'looked at', 'Ann')
  for (const name of ['old', 'new'])
    await triage.judge(name, {
      verdict: 'noise',
      by: 'Ann',
      why: 'x',
      until: new Date(Date.now() + dayMs),
      isHereOnly: true,
    })
  await connection.run(sql`update crossfade.mismatch_groups set closed_at = closed_at - interval '31 days'`)
  await connection.run(sql`update crossfade.mismatch_notes set at = at - interval '31 days'`)
  await connection.run(
    sql`update crossfade.mismatch_rules set name = fingerprint, until = until - case fingerprint when 'old' then interval '33 days' else interval '5 days' end`,
  )
  await retention().round()
  const states = (['open', 'covered', 'closed'] as const).map((state) => findings.groups(state))
  const groups = (await Promise.all(states)).flat()
  expect(groups.map(({ fingerprint }) => fingerprint)).toEqual(['new'])
  expect((await findings.show('new'))?.examples).toHaveLength(1)
  expect(await connection.run(sql`select distinct fingerprint from crossfade.mismatch_notes`)).toEqual([
    { fingerprint: 'new' },
  ])
  expect((await triage.rules()).map((rule) => rule.group)).toEqual(['new'])
})

test('a difference that nobody has judged stays, and what it was found in goes; what was closed lately stays as well', async () => {
  const { findings, connection } = stores.postgres
  await findings.add({ ...nothingSeen, groups: [group('open', 400 * dayMs), group('closed', 31 * dayMs)] })
  await findings.close('closed', 'mended', 'Ann')
  await retention(1).round()
  expect((await findings.groups('open')).map(({ fingerprint }) => fingerprint)).toEqual(['open'])
  expect((await findings.groups('closed')).map(({ fingerprint }) => fingerprint)).toEqual(['closed'])
  expect(await connection.run(sql`select from crossfade.mismatch_examples`)).toEqual([])
})

test('recordings go, and one that was written to lately stays', async () => {
  const folder = recordingsIn(dataDir)
  mkdirSync(folder)
  for (const name of ['old.jsonl', 'new.jsonl', 'notes.txt']) writeFileSync(join(folder, name), 'x')
  const then = Date.now() / 1_000 - 31 * 86_400
  for (const name of ['old.jsonl', 'notes.txt']) utimesSync(join(folder, name), then, then)
  await retention().round()
  expect(readdirSync(folder).sort()).toEqual(['new.jsonl', 'notes.txt'])
})

test('one gateway at a time removes', async () => {
  await each((ledger) => ledger.append(conflictLog, 'Account/old', { record: null }))
  await age(31)
  await each((ledger) => ledger.claim('retention/conflicts', 'another', 60_000))
  await retention().round()
  expect(await each((ledger) => ledger.length(conflictLog))).toEqual([1, 1])
  await each((ledger) => ledger.release('retention/conflicts', 'another'))
  await retention().round()
  expect(await each((ledger) => ledger.length(conflictLog))).toEqual([0, 0])
})

describe('A tombstone', () => {
  const buried = (id: string) => ({
    id,
    version: { epoch: 1, counter: 5 },
    pending: false,
    record: null,
    rest: null,
    issues: [],
  })
  const kept = async (): Promise<string[][]> =>
    Promise.all(
      origins.map(async (origin) => {
        const images = await stores[origin].outbox.images(Account, ['old', 'owed', 'young'])
        return images.map(({ id }) => String(id)).sort()
      }),
    )
  const verified = (began: Date, found: object = {}): Promise<unknown> =>
    overwrite(stores.mongo.ledger, 'verified', 'Account', {
      epoch: 1,
      mapping: 'm',
      began: began.toISOString(),
      ended: new Date().toISOString(),
      compared: 3,
      different: { missing: 0, extra: 0, content: 0, version: 0 },
      undecided: 0,
      ...found,
    })
  const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * 3_600_000)

  /** Of the same three records in both stores: a day and a half old, and the last one new; one is owed by both. */
  beforeEach(async () => {
    const { mongo, postgres } = stores
    for (const origin of origins)
      await stores[origin].replica.bulkPut(Account, [buried('old'), buried('owed'), buried('young')], anyEpoch)
    const at = hoursAgo(36)
    const old = { '_id.id': { $ne: 'young' } }
    await mongo.connection.db.collection('_crossfade_tombstones').updateMany(old, { $set: { at } })
    await postgres.connection.run(sql`update crossfade.tombstones set at = ${at} where id <> 'young'`)
    for (const origin of origins) await stores[origin].authority.owe(Account, ['owed'])
  })

  test('goes once it is a day old and a later verify has found both stores alike; one that is owed stays', async () => {
    await verified(hoursAgo(25))
    await retention().round()
    expect(await kept()).toEqual([
      ['owed', 'young'],
      ['owed', 'young'],
    ])
    expect(logged).toEqual([])
  })

  const all = ['old', 'owed', 'young']
  test.each<[string, () => Promise<unknown>]>([
    ['nothing was verified', async () => undefined],
    ['the verify began before it', () => verified(hoursAgo(37))],
    ['the verify found differences', () => verified(hoursAgo(25), { different: { missing: 0, extra: 1 } })],
    ['the verify could not decide', () => verified(hoursAgo(25), { undecided: 1 })],
  ])('stays where %s', async (_, prepare) => {
    await prepare()
    await retention().round()
    expect(await kept()).toEqual([all, all])
  })

  test('stays for a day, whatever was verified', async () => {
    await verified(new Date())
    await retention().round()
    expect(await kept()).toEqual([
      ['owed', 'young'],
      ['owed', 'young'],
    ])
  })
})
