import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { raiseFlag, readFlag } from '../../src/control/flag-store.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { recheckGroup } from '../../src/jobs/recheck-group.ts'
import { isClean, lastDifferences, type Verified, verify } from '../../src/jobs/verify.ts'
import type { SeenGroup } from '../../src/stores/findings.ts'
import { Account, account, newId, openAccounts } from '../support/account.ts'
import { nothingSeen } from '../support/nothing-seen.ts'
import { changeUnseen, emptyStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
let ids: string[]
beforeAll(async () => {
  stores = await openAccounts()
})
afterAll(() => stores.close())

const ledgers = () => ({ mongo: stores.mongo.ledger, postgres: stores.postgres.ledger })
const recheckMs = [10, 10, 10, 10]
const look = (): Promise<Verified> => verify({ stores, entity: Account, recheckMs })
const inPostgres = (statement: string, ...given: string[]) =>
  changeUnseen(stores, ...given.map((id) => sql`${sql.raw(statement)} where id = ${id}`))

/** Three accounts that both stores have. */
beforeEach(async () => {
  await emptyStores(stores)
  await prepareFlags(ledgers(), ['Account'])
  const move = { ledgers: ledgers(), sweep: async () => 0, log: () => undefined }
  await setStage(move, { type: 'Account', stage: 'dualwrite' })
  ids = Array.from({ length: 3 }, newId)
  const { epoch } = (await readFlag(stores.mongo.ledger, 'Account'))!.flag
  for (const id of ids) await stores.mongo.authority.create(Account, account(id), { epoch, owed: false })
  await backfill({ stores, entity: Account })
})

const group = (change: Partial<SeenGroup> = {}): SeenGroup => ({
  fingerprint: 'abc123abc123',
  type: 'Account',
  resolver: 'Query.account',
  kind: 'divergence',
  path: 'visits',
  count: 1,
  firstMs: 0,
  lastMs: 0,
  examples: ids.map((id) => ({ subject: `id ${id}`, id, agoMs: 0, example: { control: 0, candidate: 7 } })),
  ...change,
})

async function accept(change: Partial<SeenGroup> = {}): Promise<void> {
  await stores.postgres.findings.add({ ...nothingSeen, groups: [group(change)] })
  const until = new Date(Date.now() + 86_400_000)
  const judgement = { verdict: 'accepted', by: 'Ann', why: 'counted anew', until, isHereOnly: false } as const
  expect(await stores.postgres.triage.judge('abc123', judgement)).not.toBeNull()
}

test('what shadow reads may find is accepted in verify as well: counted apart, clean, and left alone by a repair', async () => {
  await accept()
  await inPostgres('update accounts set visits = 7', ids[0]!, ids[1]!)
  const found = await look()
  expect(found).toMatchObject({ compared: 3, accepted: 2, groups: [], examples: [] })
  expect(found.different).toEqual({ missing: 0, extra: 0, content: 0, version: 0 })
  expect(isClean(found)).toBe(true)
  expect((await stores.mongo.ledger.get('verified', 'Account'))!.value).toMatchObject({ accepted: 2 })
  expect((await lastDifferences(stores.mongo.ledger, Account))!.differences).toEqual([])
})

test('a record that differs elsewhere too is told by that alone', async () => {
  await accept()
  await inPostgres(`update accounts set visits = 7, email = 'other@example.org'`, ids[0]!)
  expect(await look()).toMatchObject({ accepted: 0, different: { content: 1 }, examples: [{ paths: ['email'] }] })
})

test('at unequal versions nothing is accepted: a write is missing, whatever it wrote', async () => {
  await accept()
  await inPostgres('update accounts set visits = 7, _cf_counter = _cf_counter + 1', ids[0]!)
  expect(await look()).toMatchObject({ accepted: 0, different: { content: 1 }, examples: [{ paths: ['visits'] }] })
})

test('what is accepted of a list that lacks a record says nothing of a record that is missing', async () => {
  await accept({ kind: 'missing', path: '' })
  await inPostgres('delete from accounts', ids[0]!)
  expect(await look()).toMatchObject({ accepted: 0, different: { missing: 1 } })
})

test('a mirror whose differences are accepted does not become fresh by a verify', async () => {
  const unfresh = async () => {
    for (const { ledger } of [stores.mongo, stores.postgres]) {
      const { flag } = (await readFlag(ledger, 'Account'))!
      await raiseFlag(ledger, { ...flag, fresh: null, revision: flag.revision + 1 })
    }
  }
  await accept()
  await inPostgres('update accounts set visits = 7', ids[0]!)
  await unfresh()
  expect(isClean(await look())).toBe(true)
  expect((await readFlag(stores.mongo.ledger, 'Account'))!.flag.fresh).toBeNull()
  await inPostgres('update accounts set visits = null', ids[0]!)
  expect(await look()).toMatchObject({ accepted: 0 })
  expect((await readFlag(stores.mongo.ledger, 'Account'))!.flag.fresh).not.toBeNull()
})

async function recheck(change: Partial<SeenGroup> = {}) {
  await stores.postgres.findings.add({ ...nothingSeen, groups: [group(change)] })
  const found = await recheckGroup({
    stores,
    entity: Account,
    ...(await stores.postgres.findings.show(change.fingerprint ?? 'abc123'))!,
    recheckMs,
  })
  const states = new Map(found.map((each) => [each.id, each]))
  return ids.map((id) => states.get(id))
}

test('examples are looked at again in both stores: those that agree at the place of the group agree', async () => {
  await inPostgres('update accounts set visits = 7', ids[0]!)
  await inPostgres(`update accounts set email = 'other@example.org'`, ids[1]!)
  expect(await recheck()).toMatchObject([
    { state: 'differs', kind: 'content', paths: ['visits'] },
    { state: 'agrees', kind: 'content', paths: ['email'] },
    { state: 'agrees', kind: null, paths: [] },
  ])
})

test('what differs inside of the place of the group differs still, and so does what that is a part of', async () => {
  const { epoch } = (await readFlag(stores.mongo.ledger, 'Account'))!.flag
  const accounts = stores.mongo.connection.db.collection<{ _id: string }>('accounts')
  ids = Array.from({ length: 3 }, newId)
  for (const id of ids)
    await stores.mongo.authority.create(Account, account(id, { address: { city: 'Rome' } }), { epoch, owed: false })
  await backfill({ stores, entity: Account })
  await accounts.updateOne({ _id: ids[0]! }, { $set: { 'address.city': 'Bari' } } as object)
  await accounts.updateOne({ _id: ids[1]! }, { $set: { address: { city: null } } } as object)
  await accounts.updateOne({ _id: ids[2]! }, { $set: { addresses: 'Bari' } } as object)
  const states = async (path: string, fingerprint: string) =>
    (await recheck({ path, fingerprint })).map((each) => each!.state)
  expect(await states('address', 'a01')).toEqual(['differs', 'differs', 'agrees'])
  expect(await states('address.city.name', 'a02')).toEqual(['differs', 'differs', 'agrees'])
  expect(await states('address.cit', 'a03')).toEqual(['agrees', 'agrees', 'agrees'])
})

test('a record that one store lacks still differs, whatever the group says of it', async () => {
  await inPostgres('delete from accounts', ids[0]!)
  expect(await recheck()).toMatchObject([
    { state: 'differs', kind: 'missing' },
    { state: 'agrees' },
    { state: 'agrees' },
  ])
})

test('a group of versions wants versions to be equal, and one of missing records wants them to be there', async () => {
  await inPostgres('update accounts set _cf_counter = _cf_counter + 1', ids[0]!)
  await inPostgres('update accounts set visits = 7', ids[1]!)
  expect(await recheck({ kind: 'version', path: '' })).toMatchObject([
    { state: 'differs' },
    { state: 'agrees' },
    { state: 'agrees' },
  ])
  expect((await recheck({ fingerprint: 'fff', kind: 'missing', path: '' })).map((each) => each!.state)).toEqual([
    'agrees',
    'agrees',
    'agrees',
  ])
})

test('of a list that left a record out, an order and an error, records do not tell', async () => {
  const listed = ids.map((id) => ({
    subject: `id ${id}`,
    id,
    agoMs: 0,
    example: { control: '(listed)', candidate: '(not listed)' },
  }))
  const states = async (change: Partial<SeenGroup>) => (await recheck(change)).map((each) => each!.state)
  const untold = ['untold', 'untold', 'untold']
  expect(await states({ fingerprint: 'ddd', kind: 'missing', path: '', examples: listed })).toEqual(untold)
  expect(await states({ fingerprint: 'eee', kind: 'error', path: '42883' })).toEqual(untold)
})
