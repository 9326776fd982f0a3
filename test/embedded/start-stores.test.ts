import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startMongo } from '../../src/embedded/mongo.ts'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { startStores, stopStores, storesStatus } from '../../src/embedded/start-stores.ts'
import { collect, freshDataDir, sql, timeout, withMongo } from './data-dir.ts'
import { ended } from './program.ts'

test('both stores come back with their data, at the addresses they had, and stop leaves no process', {
  timeout,
}, async () => {
  const dataDir = freshDataDir()
  const { lines, log } = collect()
  const first = await startStores({ dataDir, log })
  expect(storesStatus(dataDir).map(({ part }) => part)).toEqual(['mongo', 'postgres'])
  expect(lines).toContainEqual(expect.stringMatching(/^PostgreSQL 18\.\S* at 127\.0\.0\.1:\d+, started in \d+ ms$/))
  expect(lines).toContainEqual(
    expect.stringMatching(/^(MongoDB|SecantusDB) .+ at 127\.0\.0\.1:\d+, started in \d+ ms$/),
  )
  await sql(first.postgres.uri, 'create table kept (id int); insert into kept values (7)')
  await withMongo(first.mongo.uri, (client) => client.db('app').collection('kept').insertOne({ seven: 7 }))
  await first.stop()
  await first.stop()
  await ended([first.mongo.pid, first.postgres.pid])
  expect(storesStatus(dataDir)).toEqual([])

  const second = await startStores({ dataDir, log })
  expect([second.mongo.uri, second.postgres.uri]).toEqual([first.mongo.uri, first.postgres.uri])
  expect(await sql(second.postgres.uri, 'select * from kept')).toEqual([{ id: 7 }])
  expect(await withMongo(second.mongo.uri, (client) => client.db('app').collection('kept').countDocuments())).toBe(1)
  await second.stop()
})

test('MongoDB offers transactions and change streams, and says what it is', { timeout }, async () => {
  const { name, version, uri } = await startMongo({ dataDir: freshDataDir(), log: () => undefined })
  expect(`${name} ${version}`).toMatch(/^(MongoDB \d|SecantusDB 0\.7\.0b3 \(MongoDB 8\.2)/)
  await withMongo(uri, async (client) => {
    const collection = client.db('app').collection('changes')
    await collection.insertOne({ before: true })
    const stream = collection.watch()
    const seen = stream.next()
    await client.withSession((session) =>
      session.withTransaction(() => collection.insertOne({ within: true }, { session })),
    )
    expect((await seen).operationType).toBe('insert')
    await stream.close()
  })
})

test('PostgreSQL is UTF-8 in C order, on loopback, with a password that only its owner can read', {
  timeout,
}, async () => {
  const dataDir = freshDataDir()
  const { uri } = await startPostgres({ dataDir, log: () => undefined })
  const settings = ['server_encoding', 'listen_addresses', 'password_encryption', 'unix_socket_directories', 'fsync']
  const shown = settings.map((name) => `current_setting('${name}') as ${name}`)
  const [row] = await sql(uri, `select ${shown}, datcollate from pg_database where datname = current_database()`)
  expect(row).toEqual({
    server_encoding: 'UTF8',
    listen_addresses: '127.0.0.1',
    password_encryption: 'scram-sha-256',
    unix_socket_directories: '',
    fsync: 'off', // CROSSFADE_FAST_STORES is set for tests
    datcollate: 'C',
  })
  expect(statSync(join(dataDir, 'stores.json')).mode & 0o777).toBe(0o600)
  expect(readFileSync(join(dataDir, 'stores.json'), 'utf8')).toContain(new URL(uri).password)
  await expect(sql(uri.replace(/:[^:@]+@/, ':wrong@'), 'select 1')).rejects.toThrow(/password authentication failed/)
})

test('a second start uses the stores that run and does not stop them', { timeout }, async () => {
  const dataDir = freshDataDir()
  const owner = await startStores({ dataDir, log: () => undefined })
  const { lines, log } = collect()
  const guest = await startStores({ dataDir, log })
  expect(lines.filter((line) => line.endsWith('(running already)'))).toHaveLength(2)
  expect([guest.mongo.startedHere, guest.postgres.startedHere]).toEqual([false, false])
  expect([guest.mongo.pid, guest.postgres.pid]).toEqual([owner.mongo.pid, owner.postgres.pid])
  await guest.stop()
  expect(storesStatus(dataDir)).toHaveLength(2)
  expect(await stopStores(dataDir)).toEqual(['postgres', 'mongo'])
  expect(await stopStores(dataDir)).toEqual([])
})

test('two starts at the same moment share one pair of servers', { timeout }, async () => {
  const dataDir = freshDataDir()
  const starts = [1, 2].map(() => startPostgres({ dataDir, log: () => undefined }))
  const [one, other] = await Promise.all(starts)
  expect(one!.pid).toBe(other!.pid)
  expect([one!.startedHere, other!.startedHere].sort()).toEqual([false, true])
})

test('stores that are given by address are asked for their version and never stopped', { timeout }, async () => {
  const dataDir = freshDataDir()
  const { mongo, postgres } = await startStores({ dataDir, log: () => undefined })
  const { lines, log } = collect()
  const given = await startStores({ dataDir: '/nonexistent', mongoUri: mongo.uri, databaseUrl: postgres.uri, log })
  expect(given.mongo).toEqual({ ...mongo, pid: null, startedHere: false })
  expect(given.postgres).toEqual({ ...postgres, pid: null, startedHere: false })
  expect(lines.join()).not.toContain(new URL(postgres.uri).password)
  await given.stop()
  expect(storesStatus(dataDir)).toHaveLength(2)
  const databaseUrl = 'postgresql://someone:hidden@127.0.0.1:9/app'
  const absent = await startPostgres({ dataDir: '/nonexistent', databaseUrl, log })
  expect(absent).toEqual({ name: 'PostgreSQL', version: 'unknown', uri: databaseUrl, pid: null, startedHere: false })
  expect(lines.at(-1)).toMatch(/^DATABASE_URL: 127\.0\.0\.1:9 does not answer: .*ECONNREFUSED/)
})
