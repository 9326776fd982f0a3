import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Entity } from '../../src/entity/entity.ts'
import { Mirror } from '../../src/mirror/mirror.ts'
import type { Image, PutOutcome, Replica } from '../../src/stores/store.ts'
import { Account, account, newId, openAccounts, owed } from '../support/account.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import type { TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openAccounts()
})
afterAll(() => stores?.close())

/** A mirror over both stores, of which PostgreSQL takes puts as it is told. */
function openMirror(take: (entity: Entity, images: readonly Image[]) => Promise<readonly PutOutcome[]>) {
  const log = vi.fn()
  const bulkPut: Replica['bulkPut'] = vi.fn(take)
  const postgres = { ...stores.postgres, replica: { ...stores.postgres.replica, bulkPut } }
  return { mirror: new Mirror({ stores: { ...stores, postgres }, budgetMs: 60_000, log }), bulkPut, log }
}

const images = (count: number): Promise<Image[]> =>
  Promise.all(Array.from({ length: count }, () => stores.mongo.authority.create(Account, account(newId()), owed)))

test('A breaker that has opened lets a put through again, and closes when it works [breaker-closes]', async () => {
  let isDown = true
  const { mirror, bulkPut, log } = openMirror((entity, given) =>
    isDown ? Promise.reject(new Error('it is down')) : stores.postgres.replica.bulkPut(entity, given, anyEpoch),
  )
  for (const image of await images(6)) await mirror.put(Account, image, 'mongo', anyEpoch)
  expect(bulkPut).toHaveBeenCalledTimes(3)
  expect(log).toHaveBeenCalledTimes(1) // of what is not even tried nothing is told

  isDown = false
  const [again] = await images(1)
  await vi.waitFor(
    async () => {
      await mirror.put(Account, again!, 'mongo', anyEpoch)
      expect(mirror.confirmed.get('Account')).toBe(1)
    },
    { timeout: 20_000, interval: 100 },
  )
  // Closed: none is left out any more
  const calls = vi.mocked(bulkPut).mock.calls.length
  for (const image of await images(6)) await mirror.put(Account, image, 'mongo', anyEpoch)
  expect(bulkPut).toHaveBeenCalledTimes(calls + 6)
  await mirror.flush()
})

test('One that stays broken is tried by one put at a time, and replies wait for none of the others', async () => {
  const open: PromiseWithResolvers<never>[] = []
  let hangs = false
  const { mirror, bulkPut } = openMirror(() => {
    if (!hangs) return Promise.reject(new Error('it is down'))
    open.push(Promise.withResolvers())
    return open.at(-1)!.promise
  })
  const given = await images(12)
  for (const image of given.slice(0, 3)) await mirror.put(Account, image, 'mongo', anyEpoch)
  hangs = true
  await vi.waitFor(
    async () => {
      void mirror.put(Account, given[3]!, 'mongo', anyEpoch)
      expect(open).toHaveLength(1)
    },
    { timeout: 20_000, interval: 100 },
  )
  const calls = vi.mocked(bulkPut).mock.calls.length
  // Each would wait for a minute
  await Promise.all(given.slice(4).map((image) => mirror.put(Account, image, 'mongo', anyEpoch)))
  expect(bulkPut).toHaveBeenCalledTimes(calls)
  for (const { reject } of open) reject(new Error('it is down still'))
})

test('A type whose puts fail keeps those of no other type from the store', async () => {
  const { mirror, bulkPut } = openMirror((entity) =>
    entity.name === 'Account' ? Promise.reject(new Error('no such table')) : Promise.resolve([{ put: 'late' }]),
  )
  const given = await images(5)
  for (const image of given) await mirror.put(Account, image, 'mongo', anyEpoch)
  const Other = { ...Account, name: 'Other' }
  vi.mocked(bulkPut).mockClear()
  for (const image of given) await mirror.put(Other, image, 'mongo', anyEpoch)
  expect(bulkPut).toHaveBeenCalledTimes(5)
})
