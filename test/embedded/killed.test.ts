import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startMongo } from '../../src/embedded/mongo.ts'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { workingIn } from '../../src/embedded/running-process.ts'
import { startStores, stopStores, storesStatus } from '../../src/embedded/start-stores.ts'
import { collect, freshDataDir, sql, timeout, withMongo } from './data-dir.ts'
import { ended, program } from './program.ts'

const silent = { log: () => undefined }

test('PostgreSQL killed with -9 starts again at once, with what was committed and at its address', {
  timeout,
}, async () => {
  const dataDir = freshDataDir()
  const first = await startPostgres({ dataDir, ...silent })
  await sql(first.uri, 'create table kept (id int); insert into kept values (7)')
  process.kill(first.pid!, 'SIGKILL')
  const second = await startPostgres({ dataDir, ...silent })
  expect(second).toMatchObject({ uri: first.uri, startedHere: true })
  expect(await sql(second.uri, 'select * from kept')).toEqual([{ id: 7 }])
})

test('a query that outlives its killed PostgreSQL does not block the next start', { timeout }, async () => {
  const dataDir = freshDataDir()
  const first = await startPostgres({ dataDir, ...silent })
  // It computes without a pause, so it doesn't notice that the server has gone.
  const busy = sql(first.uri, 'select count(*) from generate_series(1, 1000000000000) as n').catch(() => 'lost')
  await sleep(500)
  process.kill(first.pid!, 'SIGKILL')
  const second = await startPostgres({ dataDir, ...silent })
  expect(await sql(second.uri, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(await busy).toBe('lost')
})

test('MongoDB killed with -9 starts again with what was acknowledged, beside a PostgreSQL that goes on', {
  timeout,
}, async () => {
  const dataDir = freshDataDir()
  const stores = await startStores({ dataDir, ...silent })
  await withMongo(stores.mongo.uri, (client) => client.db('app').collection('kept').insertOne({ seven: 7 }))
  process.kill(stores.mongo.pid!, 'SIGKILL')
  await ended([stores.mongo.pid])
  const again = await startMongo({ dataDir, ...silent })
  expect(again.uri).toBe(stores.mongo.uri)
  expect(await withMongo(again.uri, (client) => client.db('app').collection('kept').countDocuments())).toBe(1)
  await stores.stop()
  await ended([again.pid, stores.postgres.pid])
})

test('servers left behind by a program killed with -9 are replaced at the next start', { timeout }, async () => {
  const dataDir = freshDataDir()
  const { child, stores } = await program(dataDir, 'both')
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(storesStatus(dataDir)).toHaveLength(2)
  const { lines, log } = collect()
  const next = await startStores({ dataDir, log })
  expect(lines.filter((line) => line.includes('left behind by a process that was killed'))).toHaveLength(2)
  expect([next.mongo.uri, next.postgres.uri]).toEqual([stores.mongo.uri, stores.postgres.uri])
  await ended([stores.mongo.pid, stores.postgres.pid])
  await next.stop()
  await ended([next.mongo.pid, next.postgres.pid])
})

test.for(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s to a program without a listener ends its PostgreSQL with it',
  { timeout },
  async (name) => {
    const dataDir = freshDataDir()
    const { child, stores } = await program(dataDir, 'postgres')
    process.kill(-child.pid!, name) // the whole group, as Ctrl-C does
    expect(await once(child, 'exit')).toEqual([null, name])
    await ended([stores.postgres.pid])
    expect(workingIn(`${dataDir}/postgres`) ?? []).toEqual([])
  },
)

test('kept stores outlive the program that started them and are stopped from another', { timeout }, async () => {
  const dataDir = freshDataDir()
  const { child, stores } = await program(dataDir, 'keep')
  if (child.exitCode === null) await once(child, 'exit')
  expect(child.exitCode).toBe(0)
  expect(storesStatus(dataDir).map(({ pid }) => pid)).toEqual([stores.mongo.pid, stores.postgres.pid])
  const guest = await startStores({ dataDir, ...silent })
  expect([guest.mongo.startedHere, guest.postgres.startedHere]).toEqual([false, false])
  expect(await stopStores(dataDir)).toEqual(['postgres', 'mongo'])
  await ended([stores.mongo.pid, stores.postgres.pid])
})

test('a suspended PostgreSQL can be stopped', { timeout }, async () => {
  const dataDir = freshDataDir()
  const { pid } = await startPostgres({ dataDir, ...silent })
  process.kill(pid!, 'SIGSTOP')
  expect(await stopStores(dataDir)).toEqual(['postgres'])
  await ended([pid!])
})
