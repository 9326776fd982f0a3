import { afterEach, beforeEach, expect, test } from 'vitest'
import { authorityOf } from '../../src/control/flag-store.ts'
import { type MoveOptions, setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { unmirrored } from '../../src/mirror/unmirrored.ts'
import { planPatch } from '../../src/query/patch.ts'
import { movesAuthority, type Stage } from '../../src/stage/stage.ts'
import { Account, account, newId, openAccounts, sweepOnce } from '../support/account.ts'
import { compareStores } from '../support/compare-stores.ts'
import { type OtherWriter, openOtherWriter } from '../support/other-writer.ts'
import type { TestStores } from '../support/stores.ts'

let stores: TestStores
let clerk: OtherWriter
let [kept, gone] = ['', '']
beforeEach(async () => {
  stores = await openAccounts()
  clerk = await openOtherWriter(stores, ['accounts', 'account_tags'])
  await prepareFlags(ledgers(), ['Account'])
  ;[kept, gone] = [newId(), newId()]
  for (const id of [kept, gone])
    await stores.mongo.authority.create(Account, account(id, { visits: 1, tags: ['a'] }), { epoch: 1, owed: false })
  await to('dualwrite')
  await backfill({ stores, entity: Account })
  await to('shadow', 'live')
})
afterEach(async () => {
  await clerk?.close()
  await stores?.close()
})

const ledgers = () => ({ mongo: stores.mongo.ledger, postgres: stores.postgres.ledger })
const options = (): MoveOptions => ({
  ledgers: ledgers(),
  sweep: (_, origin) => sweepOnce(stores, origin),
  unmet: async (was, to) => (movesAuthority(was.stage, to) ? unmirrored(stores, Account, authorityOf(was)) : []),
  isTrouble: (error) => stores.postgres.failureOf(error) === 'busy',
  log: () => undefined,
})
async function to(...stages: readonly Stage[]): Promise<void> {
  for (const stage of stages) await setStage(options(), { type: 'Account', stage })
}
const equal = (compared: number) => ({ compared, different: [] })

test('a move waits for a transaction that somebody has open, and mirrors it first [other-writer-vs-move]', async () => {
  await clerk.run('begin')
  await clerk.run('update accounts set visits = 5 where id = $1', [kept])
  await clerk.run('delete from accounts where id = $1', [gone])
  let isMoved = false
  const moving = to('shadow').then(() => {
    isMoved = true
  })
  await expect
    .poll(async () => {
      const { rows } = await clerk.run(`select from pg_locks where locktype = 'advisory' and not granted`)
      return rows.length
    })
    .toBe(1)
  expect(isMoved).toBe(false)
  await clerk.run('insert into account_tags (parent_id, position, value) values ($1, 1, $2)', [kept, 'b'])
  await clerk.run('commit')
  await moving
  await expect(clerk.run('update accounts set visits = 6')).rejects.toMatchObject({ code: 'CF005' })
  expect(await compareStores(stores, Account)).toEqual(equal(1))
  const [image] = await stores.mongo.outbox.images(Account, [kept])
  expect(image).toMatchObject({ record: { visits: 5, tags: ['a', 'b'] } })
})

test('a move that cannot wait longer names whose transaction it is, and leaves everything as it was', async () => {
  await clerk.run('begin')
  await clerk.run('update accounts set visits = 5 where id = $1', [kept])
  const pid = (await clerk.run('select pg_backend_pid() as pid')).rows[0].pid
  const moving = setStage({ ...options(), patienceMs: 10 }, { type: 'Account', stage: 'shadow' })
  await expect(moving).rejects.toThrow(
    'Account was written in a transaction that is open still, and its stage cannot change before that ends: ' +
      `process ${pid} (user ${clerk.name}).`,
  )
  expect((await stores.postgres.ledger.get('flag', 'Account'))!.value).toMatchObject({ stage: 'live', state: 'steady' })
  await clerk.run('commit')
  await to('shadow')
  expect(await compareStores(stores, Account)).toEqual(equal(2))
})

test('what is changed while PostgreSQL stands alone is copied back, and is mirrored from then on', async () => {
  await to('rampdown', 'complete')
  await clerk.run('update accounts set visits = 5 where id = $1', [kept])
  await clerk.run('delete from accounts where id = $1', [gone])
  const made = newId()
  await clerk.run('insert into accounts (id, email) values ($1, $1)', [made])
  expect((await stores.postgres.outbox.backlog(Account)).count).toBe(0)
  await to('rampdown')
  await clerk.run('update accounts set visits = 7 where id = $1', [made])
  expect((await stores.postgres.outbox.backlog(Account)).count).toBe(1)
  await backfill({ stores, entity: Account })
  await to('live', 'shadow')
  expect(await compareStores(stores, Account)).toEqual(equal(2))
  const images = await stores.mongo.outbox.images(Account, [kept, made])
  expect(images.map(({ record }) => record)).toMatchObject([{ visits: 5 }, { visits: 7 }])
})

test('what is loaded by hand in off is made equal by the copy, and refused from then on [other-writer-vs-copy]', async () => {
  await to('shadow', 'off')
  await clerk.run('update accounts set visits = 99 where id = $1', [kept])
  await clerk.run('insert into accounts (id, email) values ($1, $1)', [newId()])
  await clerk.run('truncate account_tags')
  await to('dualwrite')
  await expect(clerk.run('update accounts set visits = 100')).rejects.toMatchObject({ code: 'CF005' })
  await backfill({ stores, entity: Account })
  expect(await compareStores(stores, Account)).toEqual(equal(2))
  const [image] = await stores.postgres.outbox.images(Account, [kept])
  expect(image).toMatchObject({ record: { visits: 1, tags: ['a'] } })
})

test('a copy begins once PostgreSQL knows that it is a mirror, whoever changed the stage', async () => {
  await to('shadow', 'off', 'dualwrite')
  const { ledger } = stores.postgres
  const { revision, value } = (await ledger.get('flag', 'Account'))!
  const old = { ...(value as object), stage: 'off', epoch: 1, revision: 1 }
  await ledger.compareAndSet('flag', 'Account', revision, old) // whoever had to tell it has died before
  await clerk.run('update accounts set visits = 99')
  let late: Promise<unknown> | undefined
  const onProgress = (): void => {
    late ??= expect(clerk.run('update accounts set visits = 99')).rejects.toMatchObject({ code: 'CF005' })
  }
  await backfill({ stores, entity: Account, onProgress })
  await late
  expect(await compareStores(stores, Account)).toEqual(equal(2))
})

test('gateways write on while somebody has a transaction open', async () => {
  await clerk.run('begin')
  await clerk.run('update accounts set visits = 5 where id = $1', [kept])
  const { value } = (await stores.postgres.ledger.get('flag', 'Account'))!
  const stamp = { epoch: (value as { epoch: number }).epoch, owed: true }
  await stores.postgres.authority.patch(Account, gone, planPatch(Account, { visits: 8 }), stamp)
  await clerk.run('commit')
  expect(await sweepOnce(stores, 'postgres')).toBe(0)
  expect(await compareStores(stores, Account)).toEqual(equal(2))
})
