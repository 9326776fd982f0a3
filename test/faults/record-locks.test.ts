import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { planPatch } from '../../src/query/patch.ts'
import { lockRecords } from '../../src/stores/postgres/bookkeeping.ts'
import { Account, account, newId, openAccounts, owed } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import type { TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openAccounts()
})
afterAll(() => stores.close())

/** Sessions of this database that wait for an advisory lock. */
const waiting = async (): Promise<number> => {
  const rows = await stores.postgres.connection.run(
    sql`select 1 from pg_locks where locktype = 'advisory' and not granted
        and database = (select oid from pg_database where datname = current_database())`,
  )
  return rows.length
}

const writes = {
  create: (id: string) => stores.postgres.authority.create(Account, account(id), owed),
  patch: (id: string) => stores.postgres.authority.patch(Account, id, planPatch(Account, { visits: 1 }), owed),
  delete: (id: string) => stores.postgres.authority.delete(Account, id, owed),
}

test.each(['create', 'patch', 'delete'] as const)(
  'a %s waits for a put of the same record, which may not have written its row yet [put-vs-delete]',
  async (kind) => {
    const id = newId()
    if (kind !== 'create') await writes.create(id)
    let written: Promise<unknown> | undefined
    await stores.postgres.connection.transaction(async (tx) => {
      await tx.run(lockRecords(Account, [id]))
      written = writes[kind](id)
      await expect.poll(waiting, { timeout: 20_000 }).toBe(1)
    })
    await expect(written).resolves.toMatchObject({ id })
  },
)

test('a put of many records holds 200 locks at most, whatever it is given', async () => {
  const ids = Array.from({ length: 450 }, (_, n) => `many-${String(n).padStart(3, '0')}`)
  const images = ids.map((id) => ({
    id,
    version: { epoch: 1, counter: 1 },
    pending: false,
    record: account(id),
    rest: null,
    issues: [],
  }))
  let put: Promise<unknown> | undefined
  await stores.postgres.connection.transaction(async (tx) => {
    await tx.run(lockRecords(Account, ids.slice(-1)))
    put = stores.postgres.replica.bulkPut(Account, images, anyEpoch)
    await expect.poll(waiting, { timeout: 20_000 }).toBe(1)
    const held = await stores.postgres.connection.run<{ held: number }>(
      sql`select count(*)::int as held from pg_locks where locktype = 'advisory' and granted
          and pid in (select pid from pg_locks where locktype = 'advisory' and not granted)`,
    )
    expect(held[0]!.held).toBe(50) // of the third part: 200, 200, 50; all but the one that it waits for, and the flag's
  })
  expect(await put).toEqual(ids.map(() => ({ put: 'applied' })))
})
