import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { append, increment } from '../../src/query/operations.ts'
import { planPatch } from '../../src/query/patch.ts'
import { postgresAuthority } from '../../src/stores/postgres/authority.ts'
import { connectPostgres, type PostgresConnection } from '../../src/stores/postgres/connection.ts'
import { bulkPut } from '../../src/stores/postgres/put.ts'
import type { Authority, Image } from '../../src/stores/store.ts'
import { Account, account, newId, openAccounts, owed } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { type CountedWay, countedWay } from '../support/round-trips.ts'
import type { TestStores } from '../support/stores.ts'

let stores: TestStores
let way: CountedWay
let connection: PostgresConnection
let authority: Authority

beforeAll(async () => {
  stores = await openAccounts()
  const uri = new URL(String(stores.postgres.connection.pool.options.connectionString))
  way = await countedWay(Number(uri.port))
  uri.port = String(way.port)
  connection = connectPostgres({ uri: uri.href, poolSize: 1, keepsIdle: true })
  authority = postgresAuthority(connection, connection)
})

afterAll(async () => {
  await connection.pool.end()
  await way.stop()
  await stores.close()
})

/** With a connection that is there already. */
async function trips(work: () => Promise<unknown>): Promise<number> {
  await connection.run(sql`select 1`)
  return way.during(work)
}

const made = async (values = {}): Promise<Image> => authority.create(Account, account(newId(), values), owed)

test('a create is one way to the server and back, lists in tables of their own included', async () => {
  expect(await trips(() => made({ tags: ['a', 'b'] }))).toBe(1)
})

test('a create of an id that was deleted before is one, too', async () => {
  const { id } = await made()
  await authority.delete(Account, id, owed)
  expect(await trips(() => authority.create(Account, account(String(id)), owed))).toBe(1)
})

test('a patch is one, whether it changes a column, a list, or nothing since it is so, or there is no such record', async () => {
  const { id } = await made({ tags: ['a'] })
  expect(await trips(() => authority.patch(Account, id, planPatch(Account, { visits: increment(1) }), owed))).toBe(1)
  expect(await trips(() => authority.patch(Account, id, planPatch(Account, { tags: append('b') }), owed))).toBe(1)
  const same = planPatch(Account, { visits: increment(0), tags: ['a', 'b'] })
  expect(await trips(() => authority.patch(Account, id, same, owed))).toBe(1)
  expect(await trips(() => authority.patch(Account, 'nobody', planPatch(Account, { visits: 1 }), owed))).toBe(1)
})

test('a delete is one', async () => {
  const { id } = await made({ tags: ['a'] })
  expect(await trips(() => authority.delete(Account, id, owed))).toBe(1)
})

test('a new version of a record is one', async () => {
  const { id, version } = await made()
  expect(await trips(() => authority.restamp(Account, id, version, { epoch: 1, counter: 0 }))).toBe(1)
})

test('a put is two, whether it changes, comes late or removes', async () => {
  const image = await made({ tags: ['a'] })
  const newer = { ...image, version: { epoch: 1, counter: image.version.counter + 1 } }
  const gone = { ...image, record: null, version: { epoch: 1, counter: image.version.counter + 2 } }
  expect(await trips(() => bulkPut(connection, Account, [newer], anyEpoch))).toBe(2)
  expect(await trips(() => bulkPut(connection, Account, [newer], anyEpoch))).toBe(2)
  expect(await trips(() => bulkPut(connection, Account, [gone], anyEpoch))).toBe(2)
})

test('steps of one transaction are one each, and one for their end', async () => {
  const { id } = await made({ tags: ['a'] })
  const two = () =>
    authority.together(
      async (steps) => {
        await steps.patch(Account, id, planPatch(Account, { visits: increment(1), tags: append('b') }), owed)
        await steps.create(Account, account(newId()), owed)
      },
      () => undefined,
    )
  expect(await trips(two)).toBe(3)
})
