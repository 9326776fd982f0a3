import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Flag, flagJson, initialFlag } from '../../src/control/flag.ts'
import { planPatch } from '../../src/query/patch.ts'
import { Account, account, newId, openAccounts } from '../support/account.ts'
import { emptyStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openAccounts()
})
beforeEach(() => emptyStores(stores))
afterAll(() => stores.close())

const stamp = { epoch: 3, owed: true }
const visits = (count: number) => planPatch(Account, { visits: count })

async function setFlag(flag: Partial<Flag>): Promise<boolean> {
  const { ledger } = stores.postgres
  const { revision = null } = (await ledger.get('flag', 'Account')) ?? {}
  return ledger.compareAndSet('flag', 'Account', revision, flagJson({ ...initialFlag('Account'), ...flag }))
}

const live = { stage: 'live', epoch: 3 } as const
const moving = { code: 'TRY_AGAIN', message: 'Authority over Account is moving; try again.' }

/** The three writes, each on a record of its own. */
async function writes(ids: readonly [string, string, string]): Promise<readonly (() => Promise<unknown>)[]> {
  const { authority } = stores.postgres
  return [
    () => authority.create(Account, account(ids[0]), stamp),
    () => authority.patch(Account, ids[1], visits(1), stamp),
    () => authority.delete(Account, ids[2], stamp),
  ]
}

test.each([
  ['is of another epoch', { stage: 'live', epoch: 4 }],
  ['was handed over', { ...live, state: 'handed' }],
  ['gives MongoDB authority', { stage: 'shadow', epoch: 3 }],
] as const)('a write is refused by its own transaction where the flag %s [flag-vs-write]', async (_, flag) => {
  const ids = [newId(), newId(), newId()] as const
  for (const id of ids.slice(1)) await stores.postgres.authority.create(Account, account(id), stamp)
  await setFlag(flag)
  for (const write of await writes(ids)) await expect(write()).rejects.toMatchObject(moving)
  const { images } = await stores.postgres.reader.scan(Account, { after: null, limit: 10 })
  expect(images.map(({ record }) => record)).toMatchObject([{ visits: null }, { visits: null }])
  expect(await stores.postgres.outbox.backlog(Account)).toMatchObject({ count: 2 })
})

test.each([
  ['is steady', live],
  ['is draining: a mover waits for what has begun', { ...live, state: 'draining' }],
  ['is not there: nothing was ever moved', null],
] as const)('a write goes on where the flag %s', async (_, flag) => {
  const ids = [newId(), newId(), newId()] as const
  for (const id of ids.slice(1)) await stores.postgres.authority.create(Account, account(id), stamp)
  if (flag) await setFlag(flag)
  for (const write of await writes(ids)) expect(await write()).not.toBeNull()
})

test('a flag changes behind the writes that it lets go on, and in front of the others [flag-vs-write]', async () => {
  await setFlag(live)
  const { connection } = stores.postgres
  const id = newId()
  const under = await connection.connect()
  await under.query('begin')
  await under.query(`select crossfade.may_write('Account', 3, '{live}')`)
  let isSet = false
  const setting = setFlag({ ...live, state: 'handed' }).then((done) => {
    isSet = done
  })
  const waiting = async (): Promise<number> => {
    const [row] = await connection.run<{ n: string }>(
      sql`select count(*) as n from pg_locks where locktype = 'advisory' and not granted`,
    )
    return Number(row!.n)
  }
  await expect.poll(waiting).toBe(1)
  expect(isSet).toBe(false)
  const late = stores.postgres.authority.create(Account, account(id), stamp)
  late.catch(() => undefined)
  await expect.poll(waiting).toBe(2) // behind the flag
  await under.query('commit')
  under.release()
  await setting
  expect(isSet).toBe(true)
  await expect(late).rejects.toMatchObject(moving)
})
