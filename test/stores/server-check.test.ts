import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineEntity, int, text } from 'crossfade'
import { sql } from 'kysely'
import { MongoClient } from 'mongodb'
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { forewarnings } from '../../src/jobs/forewarnings.ts'
import { connectMongo } from '../../src/stores/mongo/connection.ts'
import { mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { lacking } from '../../src/stores/mongo/rights.ts'
import { mongoProblems } from '../../src/stores/mongo/server-check.ts'
import { connectPostgres } from '../../src/stores/postgres/connection.ts'
import { postgresProblems } from '../../src/stores/postgres/server-check.ts'
import { helloProxy } from '../support/mongo-proxy.ts'
import { type StandIn, startStandIn } from '../support/secantus.ts'
import { openStores } from '../support/stores.ts'
import type { TcpProxy } from '../support/tcp-proxy.ts'

const Card = defineEntity('Card', { mongo: 'cards', postgres: 'cards', id: int(), fields: { face: text() } })

let guarded: StandIn
const keys = mkdtempSync(join(tmpdir(), 'crossfade-keys-'))
const [certificate, key] = [join(keys, 'cert.pem'), join(keys, 'key.pem')]

beforeAll(async () => {
  guarded = await startStandIn([])
  const client = new MongoClient(`mongodb://127.0.0.1:${guarded.port}/?directConnection=true`)
  const users: readonly (readonly [string, readonly object[]])[] = [
    ['serving', [{ role: 'readWrite', db: 'shop' }]],
    ['reading', [{ role: 'read', db: 'shop' }]],
    ['nothing', []],
  ]
  for (const [createUser, roles] of users) await client.db('admin').command({ createUser, pwd: 'p', roles })
  await client.close()
  await guarded.restart(['--auth'])
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', certificate]
  execFileSync('openssl', [...request, ...subject], { stdio: 'ignore' })
})
afterAll(async () => {
  await guarded.stop()
  rmSync(keys, { recursive: true })
})

const proxies: TcpProxy[] = []
afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()))
})

async function problems(uri: string): Promise<string[]> {
  const connection = connectMongo({ uri })
  try {
    return await mongoProblems(connection, [Card])
  } finally {
    await connection.client.close()
  }
}

const as = (user: string, more = ''): string =>
  `mongodb://${user}@127.0.0.1:${guarded.port}/shop?directConnection=true&authSource=admin${more}`

test('a user that may read and write has nothing in its way', async () => {
  expect(await problems(as('serving:p'))).toEqual([])
  expect(await problems(as('serving:p'))).toEqual([]) // the look leaves nothing behind
})

test('a right that is missing is one line that names it, the collection and where to read on', async () => {
  const may = (rights: string, collection: string): string =>
    `MongoDB: the user of MONGODB_URI may not ${rights} on shop.${collection}: see docs/security.md.`
  const ours = ['_crossfade_tombstones', '_crossfade_ledger', '_crossfade_claims', '_crossfade_log']
  const all = ['cards', ...ours]
  expect(await problems(as('reading:p'))).toEqual(all.map((name) => may('update, remove', name)))
  expect(await problems(as('nothing:p'))).toEqual(all.map((name) => may('find, update, remove', name)))
})

test('who may not read the rules of collections is told so', async () => {
  const store = mongoStore({ uri: as('nothing:p') })
  try {
    expect(await forewarnings(store, [Card])).toEqual([
      'Card: the user of MONGODB_URI may not listCollections and listIndexes on cards, so its rules were not read: see docs/security.md.',
    ])
  } finally {
    await store.close()
  }
})

test('a wrong password, and no user at all, are told as such', async () => {
  const [wrong, ...more] = await problems(as('serving:bad'))
  expect(more).toEqual([])
  expect(wrong).toMatch(/^MongoDB: .*See user, password and authSource in MONGODB_URI/)
  const [none] = await problems(`mongodb://127.0.0.1:${guarded.port}/shop?directConnection=true`)
  expect(none).toMatch(/^MongoDB: .*See user, password and authSource in MONGODB_URI/)
})

const privilege = (db: string, collection: string, ...actions: string[]) => ({ resource: { db, collection }, actions })

test('rights are found where a server tells them: of a collection, a database, of all, of any action', () => {
  const every = ['find', 'insert', 'update', 'remove'] as const
  const left = (...privileges: Parameters<typeof lacking>[0]) => lacking(privileges, 'shop', ['cards'], every).length
  expect(left(privilege('shop', 'cards', ...every))).toBe(0)
  expect(left(privilege('shop', '', ...every))).toBe(0)
  expect(left(privilege('', '', ...every))).toBe(0)
  expect(left({ resource: { anyResource: true }, actions: ['anyAction'] })).toBe(0)
  expect(left(privilege('shop', 'cards', 'find'), privilege('shop', 'cards', 'insert', 'update', 'remove'))).toBe(0)
  expect(left(privilege('shop', 'users', ...every))).toBe(1)
  expect(left(privilege('other', '', ...every))).toBe(1)
  expect(lacking([privilege('shop', 'cards', 'find', 'insert')], 'shop', ['cards'], every)).toEqual([
    'the user of MONGODB_URI may not update, remove on shop.cards: see docs/security.md.',
  ])
})

test('a secondary that is named directly is told, with the primary and the set', async () => {
  const { port } = new URL(inject('mongoUri'))
  const proxy = await helloProxy(Number(port), (hello) => ({
    ...hello,
    isWritablePrimary: false,
    ismaster: false,
    secondary: true,
    setName: 'rs0',
    primary: 'db1:27017',
  }))
  proxies.push(proxy)
  expect(await problems(`mongodb://127.0.0.1:${proxy.port}/shop?directConnection=true`)).toEqual([
    'MongoDB: this server is not the primary, the primary is db1:27017. In MONGODB_URI name the set: replicaSet=rs0, without directConnection.',
  ])
})

test('a wrong name of the set is told', async () => {
  const { host } = new URL(inject('mongoUri'))
  const [line] = await problems(`mongodb://${host}/shop?replicaSet=other`)
  expect(line).toMatch(/^MongoDB: no server is of the set other.*: see replicaSet in MONGODB_URI\.$/)
})

test('TLS where there is none, none where there is TLS, and a certificate nobody trusts are told', async () => {
  const { host } = new URL(inject('mongoUri'))
  const wanted = await problems(`mongodb://${host}/shop?directConnection=true&tls=true`)
  expect(wanted).toEqual([
    expect.stringMatching(/^MongoDB: TLS was not agreed on: see tls and its files in MONGODB_URI/),
  ])
  const secure = await startStandIn(['--tls-cert-file', certificate, '--tls-key-file', key])
  const at = `mongodb://127.0.0.1:${secure.port}/shop?directConnection=true`
  expect(await problems(at)).toEqual([expect.stringMatching(/^MongoDB: .*It may want TLS: then add tls=true/)])
  expect(await problems(`${at}&tls=true`)).toEqual([expect.stringMatching(/^MongoDB: TLS was not agreed on/)])
  expect(await problems(`${at}&tls=true&tlsCAFile=${certificate}`)).toEqual([])
  await secure.stop()
})

test('a server that is not there is told with what to look at', async () => {
  expect(await problems('mongodb://127.0.0.1:9/shop')).toEqual([
    'MongoDB: connect ECONNREFUSED 127.0.0.1:9. See that it runs, and that MONGODB_URI names it.',
  ])
})

test('PostgreSQL: rights, schemas and passwords that are missing are one line each', async () => {
  const stores = await openStores([Card])
  const { connection } = stores.postgres
  const user = `card_${process.pid}`
  const order = (statement: string) => connection.run(sql.raw(statement))
  await order(`create role ${user} login password 'p'`)
  const [{ name }] = (await order('select current_database() as name')) as [{ name: string }]
  const uri = new URL(inject('databaseUrl'))
  uri.pathname = `/${name}`
  uri.username = user
  uri.password = 'p'
  const look = async (address = uri.href): Promise<readonly string[]> => {
    const guest = connectPostgres({ uri: address, poolSize: 1 })
    const found = await postgresProblems(guest, [Card])
    await guest.pool.end()
    return found
  }
  expect(await postgresProblems(connection, [Card])).toEqual([])
  await order(`alter role ${user} set default_transaction_read_only = on`)
  expect(await look()).toEqual([
    'PostgreSQL: it lets nobody write (default_transaction_read_only is on for the database, the role or the server), as providers have it while a disk is full.',
  ])
  await order(`alter role ${user} reset default_transaction_read_only`)
  expect(await look()).toEqual([
    'PostgreSQL: the user of DATABASE_URL may not use the schema crossfade: see docs/security.md.',
  ])
  await order(`grant usage on schema crossfade to ${user}`)
  await order(`grant select, insert, update, delete on all tables in schema crossfade to ${user}`)
  await order(`grant select, insert on cards to ${user}`)
  expect(await look()).toEqual([
    'PostgreSQL: the user of DATABASE_URL may not update, delete on cards: see docs/security.md.',
  ])
  await order(`grant update, delete on cards to ${user}`)
  expect(await look()).toEqual([])
  expect(await look(`${uri.href}?options=-c%20search_path%3Dnone`)).toEqual([
    'PostgreSQL: no schema of the search path is there for the user of DATABASE_URL: see search_path in docs/security.md.',
  ])
  uri.password = 'q'
  expect(await look()).toEqual([expect.stringMatching(/^PostgreSQL: .*See user and password in DATABASE_URL/)])
  expect(await look('postgresql://127.0.0.1:9/x')).toEqual([expect.stringContaining('ECONNREFUSED 127.0.0.1:9')])
  await order(`drop owned by ${user}`)
  await order(`drop role ${user}`)
  await stores.close()
})
