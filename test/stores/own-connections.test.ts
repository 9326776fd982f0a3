import { sql } from 'kysely'
import { expect, inject, test } from 'vitest'
import { allFields } from '../../src/entity/field-set.ts'
import { mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { Ending } from '../../src/util/ending.ts'
import { Account, account, newId, openAccounts } from '../support/account.ts'
import { tcpProxy } from '../support/tcp-proxy.ts'

test('writes, and what the mirror is owed, go on while reads have all connections to PostgreSQL', async () => {
  const stores = await openAccounts()
  const { connection, authority, outbox } = stores.postgres
  const most = connection.pool.options.max!
  const ends = new AbortController()
  const reads = Array.from({ length: most + 5 }, () => connection.run(sql`select pg_sleep(1006)`, ends.signal))
  const ended = Promise.allSettled(reads)
  await expect.poll(() => [connection.pool.totalCount, connection.pool.idleCount]).toEqual([most, 0])
  const record = account(newId())
  const { version } = await authority.create(Account, record, { epoch: 1, owed: true })
  expect(await authority.images(Account, [record.id])).toMatchObject([{ id: record.id, version, pending: true }])
  expect(await outbox.owed(Account, 0, 10)).toEqual([record.id])
  expect([connection.pool.totalCount, connection.pool.idleCount]).toEqual([most, 0])
  ends.abort('over')
  await ended
  await stores.close()
})

test('reads of MongoDB for clients take turns, of which one type leaves some', async () => {
  const proxy = await tcpProxy(Number(new URL(inject('mongoUri')).port))
  const uri = new URL(inject('mongoUri'))
  uri.port = String(proxy.port)
  uri.pathname = `/turns_${process.pid}`
  const store = mongoStore({ uri: uri.href, poolSize: 2, waitMs: 300, maxTimeMs: 5_000 })
  const [first, second] = [{}, {}].map((request) => new Ending(undefined, { request, type: 'Account' }))
  const read = (signal: Ending): Promise<unknown> =>
    store.reader.byIds(Account, [newId()], allFields(Account), signal).then(
      () => 'answered',
      (error: unknown) => error,
    )
  const side = (signal: Ending): Promise<unknown> =>
    store
      .side(signal)
      .aggregate(Account, [])
      .catch((error: unknown) => error)
  expect(await read(first!)).toBe('answered')
  proxy.hang(true)
  const hung = read(first!)
  for (const ask of [read, side]) {
    const error = await ask(second!)
    expect(error).toMatchObject({ message: 'no connection to MongoDB was free within 300 ms' })
    expect(store.failureOf(error)).toBe('full')
  }
  first!.abort(new Error('left'))
  expect(await hung).toMatchObject({ message: 'left' })
  proxy.hang(false)
  await expect.poll(() => read(second!), { timeout: 10_000 }).toBe('answered')
  await store.close()
  await proxy.stop()
}, 30_000)
