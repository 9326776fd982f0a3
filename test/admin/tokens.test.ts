import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { KnownTokens } from '../../src/admin/known-tokens.ts'
import { listTokens, makeToken, revokeToken } from '../../src/admin/tokens.ts'
import { ledgersOf } from '../../src/control/flag-store.ts'
import type { Ledger } from '../../src/stores/ledger.ts'
import { mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([])
})
afterAll(() => stores?.close())

const viewer = (name: string) => ({ name, role: 'viewer', days: 1, by: 'anna@host' }) as const

/** A ledger whose server does not answer. */
const down = (ledger: Ledger): Ledger => {
  const fail = () => Promise.reject(new Error('it is down'))
  return { ...ledger, get: fail, list: fail, compareAndSet: fail, remove: fail }
}

test('a secret is good as soon as it was made, and is kept nowhere', async () => {
  const ledgers = ledgersOf(stores)
  const secret = await makeToken(ledgers, { ...viewer('grafana'), role: 'operator' })
  expect(secret).toMatch(/^crossfade_[\w-]{43}$/)
  expect(await new KnownTokens(ledgers).find(secret)).toMatchObject({
    name: 'grafana',
    role: 'operator',
    madeBy: 'anna@host',
  })
  for (const origin of ['mongo', 'postgres'] as const) {
    const kept = JSON.stringify(await ledgers[origin].list('token'))
    expect(kept).toContain('"key":"grafana"')
    expect(kept).not.toContain(secret.slice(10))
  }
  expect(await new KnownTokens(ledgers).find(`${secret}x`)).toBeNull()
})

test('a name is given once, and is one', async () => {
  const ledgers = ledgersOf(stores)
  await makeToken(ledgers, viewer('once'))
  await expect(makeToken(ledgers, viewer('once'))).rejects.toThrow('There is a token once already.')
  await ledgers.postgres.remove('token', 'once')
  await expect(makeToken(ledgers, viewer('once'))).rejects.toThrow('There is a token once already.')
  expect(await ledgers.postgres.get('token', 'once')).toBeNull()
  for (const name of ['', 'a b', 'x'.repeat(65), 'a\n'])
    await expect(makeToken(ledgers, viewer(name))).rejects.toThrow()
})

test('a token that is revoked is good no longer, also where one store does not know that', async () => {
  const ledgers = ledgersOf(stores)
  const secret = await makeToken(ledgers, viewer('leaked'))
  const failed = await revokeToken({ ...ledgers, postgres: down(ledgers.postgres) }, 'leaked')
  expect(failed).toEqual([{ origin: 'postgres', why: 'it is down' }])
  expect(await new KnownTokens(ledgers).find(secret)).toBeNull()
  // Who reaches no other store does not know it
  expect(await new KnownTokens({ ...ledgers, mongo: down(ledgers.mongo) }).find(secret)).toMatchObject({
    name: 'leaked',
  })
  expect(await revokeToken(ledgers, 'leaked')).toEqual([])
  expect(await new KnownTokens({ ...ledgers, mongo: down(ledgers.mongo) }).find(secret)).toBeNull()
  const other = await makeToken(ledgers, viewer('other'))
  expect(await revokeToken({ ...ledgers, mongo: down(ledgers.mongo) }, 'other')).toHaveLength(1)
  expect(await new KnownTokens(ledgers).find(other)).toBeNull()
  expect((await listTokens(ledgers)).find(({ name }) => name === 'leaked')?.revokedAt).toBeInstanceOf(Date)
  await expect(revokeToken(ledgers, 'nobody')).rejects.toThrow('There is no token nobody.')
})

test('a token that is too old is none', async () => {
  const ledgers = ledgersOf(stores)
  const secret = await makeToken(ledgers, { ...viewer('old'), days: -1 })
  expect(await new KnownTokens(ledgers).find(secret)).toBeNull()
})

test('while no store answers, those go on that were good last', async () => {
  const ledgers = { ...ledgersOf(stores) }
  const secret = await makeToken(ledgers, viewer('last'))
  const known = new KnownTokens(ledgers, 0)
  expect(await known.find(secret)).toMatchObject({ name: 'last' })
  const both = { mongo: down(ledgers.mongo), postgres: down(ledgers.postgres) }
  Object.assign(ledgers, both)
  await expect(listTokens(ledgers)).rejects.toThrow('it is down')
  expect(await known.find(secret)).toMatchObject({ name: 'last' })
  await expect(makeToken({ ...ledgersOf(stores), postgres: both.postgres }, viewer('half'))).rejects.toThrow('is down')
  expect((await listTokens(ledgersOf(stores))).map(({ name }) => name)).not.toContain('half')
})

test('while MongoDB refuses connections tokens are known, and those that PostgreSQL knows as revoked are not', async () => {
  const gone = mongoStore({ uri: 'mongodb://127.0.0.1:1/nothing' })
  onTestFinished(() => gone.close())
  const ledgers = ledgersOf(stores)
  const secret = await makeToken(ledgers, viewer('oncall'))
  const known = new KnownTokens({ ...ledgers, mongo: gone.ledger }, 0)
  expect(await known.find(secret)).toMatchObject({ name: 'oncall' })
  await revokeToken(ledgers, 'oncall')
  expect(await known.find(secret)).toBeNull()
})
