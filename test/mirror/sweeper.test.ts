import { defineEntity, text } from 'crossfade'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Standing } from '../../src/mirror/standing.ts'
import { Sweeper } from '../../src/mirror/sweeper.ts'
import type { Origin } from '../../src/util/origin.ts'
import { Account, account, newId, openAccounts, owed } from '../support/account.ts'
import type { TestStores } from '../support/stores.ts'

/** Types that owe nothing: their collections and tables need not be there. */
const [One, Two] = ['One', 'Two'].map((name) =>
  defineEntity(name, { mongo: name.toLowerCase(), postgres: name.toLowerCase(), id: text(), fields: { a: text() } }),
)
const entities = [Account, One!, Two!]

let stores: TestStores
beforeAll(async () => {
  stores = await openAccounts()
})
afterAll(() => stores.close())

const standingIn = (authority: Origin): Standing => ({
  authority,
  isMirrored: true,
  isRead: true,
  epoch: 1,
  confirmedEpoch: 1,
})

/** The commands that a piece of work sends to MongoDB over the connections of its control plane. */
async function sent(work: () => Promise<unknown>): Promise<string[]> {
  const names: string[] = []
  const { client } = stores.mongo.control.connection
  const hear = ({ commandName }: { readonly commandName: string }): void => void names.push(commandName)
  client.on('commandStarted', hear)
  await work()
  client.off('commandStarted', hear)
  return names
}

test('what all types of a store owe is one question, and of types that owe nothing there is no other', async () => {
  const log: string[] = []
  const sweeper = new Sweeper({
    stores,
    entities,
    standing: () => standingIn('mongo'),
    owner: 'one',
    olderThanMs: 0,
    log: (_, message) => log.push(message),
  })
  await sweeper.round() // the first one looks for what was cut off as well
  expect(await sent(() => sweeper.round())).toEqual(['aggregate'])
  for (const { name } of entities) expect(sweeper.backlog(name)).toMatchObject({ count: 0, oldestMs: 0 })
  const { id } = await stores.mongo.authority.create(Account, account(newId()), owed)
  await sweeper.round()
  expect((await stores.postgres.outbox.images(Account, [id]))[0]?.record).not.toBeNull()
  expect(sweeper.backlog('Account')).toMatchObject({ count: 1 }) // as it was when the round began
  await sweeper.round()
  expect(sweeper.backlog('Account')).toMatchObject({ count: 0 })
  expect(log).toEqual([])
})

test.each(['mongo', 'postgres'] as const)('%s tells what each type owes, records and tombstones', async (origin) => {
  const { authority, outbox } = stores[origin]
  const ids = [newId(), newId(), newId()]
  for (const id of ids) await authority.create(Account, account(id), owed)
  await authority.delete(Account, ids[0]!, owed)
  const found = await outbox.backlogs(entities)
  expect([...found.keys()]).toEqual(['Account'])
  const { count, oldest, oldestMs } = found.get('Account')!
  expect(count).toBe(3)
  expect(oldest).toBeInstanceOf(Date)
  expect(oldestMs).toBeGreaterThanOrEqual(0)
  expect(await outbox.backlog(Account)).toMatchObject({ count, oldest })
})

test('a round that cannot be made in whole pauses the sweep, until one is', async () => {
  let fails = true
  const sweeper = new Sweeper({
    stores,
    entities,
    standing: () => {
      if (fails) throw new Error('nothing may be written')
      return standingIn('mongo')
    },
    owner: 'one',
    olderThanMs: 0,
    log: () => undefined,
  })
  expect(sweeper.isPausing).toBe(false)
  await sweeper.round()
  expect(sweeper.isPausing).toBe(true)
  fails = false
  await sweeper.round()
  expect(sweeper.isPausing).toBe(false)
})
