import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Flag } from '../../src/control/flag.ts'
import { authorityOf, newer, readFlag } from '../../src/control/flag-store.ts'
import { type MoveOptions, type StageChange, setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { conflictLog } from '../../src/mirror/conflicts.ts'
import { unmirrored } from '../../src/mirror/unmirrored.ts'
import { planPatch } from '../../src/query/patch.ts'
import { movesAuthority, STAGE_PLAN, type Stage } from '../../src/stage/stage.ts'
import type { Stamp } from '../../src/stores/store.ts'
import { Account, account, newId, openAccounts, sweepOnce } from '../support/account.ts'
import { compareStores } from '../support/compare-stores.ts'
import type { TestStores } from '../support/stores.ts'

let stores: TestStores
beforeEach(async () => {
  stores = await openAccounts()
  await prepareFlags(ledgers(), ['Account'])
})
afterEach(() => stores?.close())

const ledgers = () => ({ mongo: stores.mongo.ledger, postgres: stores.postgres.ledger })
const options = (): MoveOptions => ({
  ledgers: ledgers(),
  sweep: (_, origin) => sweepOnce(stores, origin),
  unmet: async (was, to) => (movesAuthority(was.stage, to) ? unmirrored(stores, Account, authorityOf(was)) : []),
  log: () => undefined,
})
async function to(...stages: readonly Stage[]): Promise<void> {
  for (const stage of stages) await setStage(options(), { type: 'Account', stage })
}
const copy = () => backfill({ stores, entity: Account, batch: 2 })
const change = (given: Omit<StageChange, 'type'>) => setStage(options(), { type: 'Account', ...given })

async function flag(): Promise<Flag> {
  const copies = await Promise.all(Object.values(ledgers()).map((ledger) => readFlag(ledger, 'Account')))
  return newer(copies[0]?.flag ?? null, copies[1]?.flag ?? null)!
}

/** What a gateway would write with now. */
async function writing() {
  const { stage, epoch } = await flag()
  const { authority, mirror } = STAGE_PLAN[stage]
  const stamp: Stamp = { epoch, owed: mirror !== null }
  return { authority: stores[authority].authority, stamp }
}

/** Some records that both stores have, in shadow. */
async function inShadow(count: number): Promise<string[]> {
  await to('dualwrite')
  const { authority, stamp } = await writing()
  const ids = Array.from({ length: count }, newId)
  for (const id of ids) await authority.create(Account, account(id, { visits: 1 }), stamp)
  await copy()
  await to('shadow')
  return ids
}

const refused = (line: string) => ({ code: 'BAD_USER_INPUT', message: expect.stringContaining(line) })
const notCopied = 'postgres was not made equal to mongo since it is written: run `crossfade backfill Account`'

test('what is deleted while nothing is mirrored does not come back [off-and-back]', async () => {
  const [kept, gone] = await inShadow(3)
  await to('off')
  const { authority, stamp } = await writing()
  await authority.delete(Account, gone!, stamp)
  await authority.patch(Account, kept!, planPatch(Account, { visits: 2 }), stamp)
  await to('dualwrite', 'shadow')
  expect(await flag()).toMatchObject({ stage: 'shadow', fresh: null })
  await expect(to('live')).rejects.toMatchObject(refused(notCopied))
  expect(await flag()).toMatchObject({ stage: 'shadow', state: 'steady' })
  await copy()
  await to('live')
  expect(await compareStores(stores, Account)).toEqual({ compared: 2, different: [] })
  expect(await stores.postgres.outbox.images(Account, [gone!])).toMatchObject([{ record: null }])
})

test('a copy begins once each gateway owes what it writes, whoever changed the stage [off-to-dualwrite]', async () => {
  await to('dualwrite')
  const { ledger } = stores.mongo
  const { revision } = await flag()
  const instance = async (acknowledged: number): Promise<void> => {
    const { revision: known = null } = (await ledger.get('instance', 'slow')) ?? {}
    await ledger.compareAndSet('instance', 'slow', known, { acknowledged: { Account: acknowledged } })
  }
  await instance(revision - 1)
  const copying = copy()
  // It wrote under the old flag, and told nobody yet
  const id = newId()
  await new Promise((done) => setTimeout(done, 500))
  await stores.mongo.authority.create(Account, account(id), { epoch: 1, owed: false })
  expect((await flag()).fresh).toBeNull()
  await instance(revision)
  expect(await copying).toMatchObject({ copied: 1, done: true })
  expect(await compareStores(stores, Account)).toEqual({ compared: 1, different: [] })
})

test('a type that was never copied gets no other authority', async () => {
  await to('shadow')
  await expect(to('live')).rejects.toMatchObject(refused(notCopied))
})

test('what is written while MongoDB is not mirrored is copied back before it gets authority [complete-and-back]', async () => {
  const [kept, gone, replaced] = await inShadow(3)
  await to('live', 'rampdown', 'complete')
  const { authority, stamp } = await writing()
  await authority.patch(Account, kept!, planPatch(Account, { visits: 5 }), stamp)
  await authority.delete(Account, gone!, stamp)
  const made = newId()
  await authority.create(Account, account(made, { tags: ['new'] }), stamp)
  // Somebody's own program still writes to MongoDB
  const accounts = stores.mongo.connection.db.collection<{ _id: string }>('accounts')
  await accounts.updateOne({ _id: replaced! }, { $set: { visits: 99 } })
  await to('rampdown', 'live')
  expect(await flag()).toMatchObject({ stage: 'live', fresh: null })
  await expect(to('shadow')).rejects.toMatchObject(refused('mongo was not made equal to postgres'))
  expect(await copy()).toMatchObject({ from: 'postgres', done: true })
  await to('shadow')
  expect(await compareStores(stores, Account)).toEqual({ compared: 3, different: [] })
  const documents = await accounts.find({}, { sort: { _id: 1 } }).toArray()
  expect(documents).toMatchObject([
    { _id: kept, visits: 5 },
    { _id: replaced, visits: 1 },
    { _id: made, tags: ['new'] },
  ])
  const conflicts = await stores.postgres.ledger.tail(conflictLog, 10)
  expect(conflicts.map(({ value }) => value)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ mirror: 'mongo', record: expect.objectContaining({ visits: 99 }) }),
      expect.objectContaining({ mirror: 'mongo', authority: 'none', record: expect.objectContaining({ id: gone }) }),
    ]),
  )
})

test('a move keeps the mirror fresh, in both directions', async () => {
  await inShadow(1)
  await to('live')
  expect(await flag()).toMatchObject({ stage: 'live', fresh: (await flag()).epoch })
  await to('shadow', 'live', 'rampdown', 'live', 'shadow', 'dualwrite', 'shadow')
  expect((await flag()).fresh).not.toBeNull()
})

test('what others have changed is mirrored before authority moves, though the sweep has ended before it was seen', async () => {
  const [id] = await inShadow(1)
  const { authority, stamp } = await writing()
  let sweeps = 0
  const caughtUp = async (): Promise<void> => {
    while (sweeps < 1) await sleep(10)
    await authority.patch(Account, id!, planPatch(Account, { visits: 2 }), stamp)
  }
  const sweep: MoveOptions['sweep'] = async (_, origin) => {
    const left = await sweepOnce(stores, origin)
    sweeps++
    return left
  }
  await setStage({ ...options(), caughtUp, sweep }, { type: 'Account', stage: 'live' })
  const [there] = await stores.postgres.outbox.images(Account, [id!])
  expect(there).toMatchObject({ record: { visits: 2 } })
  expect(await stores.mongo.outbox.backlog(Account)).toMatchObject({ count: 0 })
})

test('a copy belongs to one epoch: where the mirror ends and begins meanwhile, it proves nothing [copy-vs-move]', async () => {
  await inShadow(5)
  await to('off', 'dualwrite')
  let changed = false
  const onProgress = async (): Promise<void> => {
    if (changed) return
    changed = true
    await to('off', 'dualwrite')
  }
  const work: Promise<void>[] = []
  const run = backfill({ stores, entity: Account, batch: 2, onProgress: () => work.push(onProgress()) })
  await expect(run).rejects.toMatchObject({ code: 'TRY_AGAIN', message: expect.stringContaining('run it again') })
  await Promise.all(work)
  expect(await flag()).toMatchObject({ stage: 'dualwrite', fresh: null })
  await copy()
  expect(await flag()).toMatchObject({ fresh: (await flag()).epoch })
})

test('what a copy could not bring is owed, and keeps authority where it is', async () => {
  const [id] = await inShadow(2)
  await to('off')
  const long = () => randomBytes(9_000).toString('hex') // more than an index of PostgreSQL takes
  const accounts = stores.mongo.connection.db.collection<{ _id: string }>('accounts')
  const other = newId()
  await accounts.updateOne({ _id: id! }, { $set: { email: long() } })
  await accounts.insertOne({ _id: other, email: long() } as never)
  await to('dualwrite', 'shadow')
  expect(await copy()).toMatchObject({ refused: 2 })
  expect(await stores.mongo.outbox.owed(Account, 0, 10)).toEqual(expect.arrayContaining([id, other]))
  await sweepOnce(stores, 'mongo')
  await expect(to('live')).rejects.toMatchObject(refused('2 records are refused by the other store'))
  expect(await flag()).toMatchObject({ stage: 'shadow', state: 'steady' })
})

test('a forced move is told in the history, and believes the mirror no more than before', async () => {
  await to('shadow')
  expect(await change({ stage: 'live', force: true, why: 'a drill' })).toMatchObject({ stage: 'live', fresh: null })
  const [entry] = await stores.postgres.ledger.tail('stage', 1, 'Account')
  expect(entry!.value).toMatchObject({ from: 'shadow', to: 'live', forced: true, why: 'a drill' })
})
