import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Entity } from '../../src/entity/entity.ts'
import { conflictLog, keepCopy } from '../../src/mirror/conflicts.ts'
import { closeConflict, copyOf, keptConflicts, openCounts } from '../../src/mirror/kept-conflicts.ts'
import { keptFor, owedOf } from '../../src/mirror/owed-of.ts'
import type { Store } from '../../src/stores/store.ts'
import { origins } from '../../src/util/origin.ts'
import { Account, accountImage } from '../support/account.ts'
import { emptyStores, openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Account])
})
beforeEach(() => emptyStores(stores))
afterAll(() => stores.close())

const Other = { ...Account, name: 'Accounts' } as Entity

/** The same stores, of whose logs no value can be read. */
function withoutValues<S extends Store>(store: S): S {
  const refuse = async (): Promise<never> => {
    throw new Error('a value was read')
  }
  return { ...store, ledger: { ...store.ledger, tail: refuse, line: refuse } }
}
const blind = (): TestStores => ({
  ...stores,
  mongo: withoutValues(stores.mongo),
  postgres: withoutValues(stores.postgres),
})

const counted = async (): Promise<unknown> => {
  const counts = await Promise.all(origins.map((origin) => openCounts(blind()[origin])))
  return counts.map((each) => Object.fromEntries(each))
}

test('those that are open are counted by type, as they are listed, and no copy is read for that', async () => {
  for (const id of ['a', 'b', 'c']) await keepCopy(stores.mongo.ledger, Account, 'postgres', accountImage(id, 5), '1.3')
  await keepCopy(stores.postgres.ledger, Account, 'mongo', accountImage('a', 6), '1.4')
  await keepCopy(stores.postgres.ledger, Other, 'mongo', accountImage('a', 6), '1.4')
  expect(await counted()).toEqual([{ Account: 3 }, { Account: 1, Accounts: 1 }])
  const kept = await keptConflicts(blind(), Account)
  const closed = kept.filter(({ id, origin }) => id === 'b' || origin === 'postgres')
  for (const each of closed)
    expect(await closeConflict(stores[each.origin].ledger, each, { keep: 'authority', why: 'x' })).toBe(true)
  expect(await counted()).toEqual([{ Account: 2 }, { Accounts: 1 }])
  const open = await keptConflicts(blind(), Account, (each) => each.closed === null)
  expect(open.map(({ id }) => id).toSorted()).toEqual(['a', 'c'])
  expect(await owedOf(blind(), keptFor(blind()), Account, undefined)).toMatchObject({ conflicts: 2 })
})

test('a name is of one copy, also of equal copies of one moment, and the copy is read by it', async () => {
  const at = new Date('2026-11-30T12:00:00.000Z')
  const value = JSON.stringify({ mirror: 'mongo', version: '1.5', record: null, authority: '1.3' })
  await stores.postgres.connection.run(
    sql`insert into crossfade.log (log, key, at, value)
        select ${conflictLog}, 'Account/a', ${at}::timestamptz, ${value}::jsonb from generate_series(1, 2)`,
  )
  const line = (): object => ({ log: conflictLog, key: 'Account/a', at, value })
  await stores.mongo.connection.db.collection('_crossfade_log').insertMany([line(), line()])
  const kept = await keptConflicts(stores, Account)
  expect(new Set(kept.map(({ conflict }) => conflict)).size).toBe(4)
  expect(await copyOf(stores, kept[0]!)).toEqual({ mirror: 'mongo', version: '1.5', record: null, authority: '1.3' })
  const again = await keptConflicts(stores, Account)
  expect(again.map(({ conflict }) => conflict)).toEqual(kept.map(({ conflict }) => conflict))
})

test('a copy that went meanwhile is no copy of another form', async () => {
  await keepCopy(stores.mongo.ledger, Account, 'postgres', accountImage('a', 5), '1.3')
  await stores.mongo.ledger.append(conflictLog, 'Account/b', { copy: 1 })
  const [other, gone] = await keptConflicts(stores, Account)
  await stores.mongo.ledger.forget(conflictLog, 'Account/a')
  expect([await copyOf(stores, other!), await copyOf(stores, gone!)]).toEqual([null, undefined])
})

test('the oldest of many is found by the record’s id and by its name', async () => {
  const many = 2_001 // three pages; the stand-in sorts all of them for each
  await stores.postgres.connection.run(
    sql`insert into crossfade.log (log, key, value)
        select ${conflictLog}, 'Account/' || n, '{}' from generate_series(1, ${many}::int) n`,
  )
  const start = Date.now()
  await stores.mongo.connection.db.collection('_crossfade_log').insertMany(
    Array.from({ length: many }, (_, n) => ({
      log: conflictLog,
      key: `Account/${n + 1}`,
      at: new Date(start + n),
      value: '{}',
    })),
  )
  const oldest = await keptConflicts(blind(), Account, ({ id }) => id === '1')
  expect(oldest.map(({ origin }) => origin).toSorted()).toEqual(['mongo', 'postgres'])
  for (const { conflict } of oldest) {
    const found = await keptConflicts(blind(), Account, (each) => each.conflict.startsWith(conflict), 2)
    expect(found.map(({ id }) => id)).toEqual(['1'])
  }
  expect((await keptConflicts(blind(), Account, () => true, 3)).length).toBe(3)
  expect(await counted()).toEqual([{ Account: 2_001 }, { Account: 2_001 }])
})
