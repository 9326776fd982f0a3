import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { type Document, MongoClient } from 'mongodb'
import { expect, inject, onTestFinished, test } from 'vitest'
import { stopServer } from '../../src/embedded/find-server.ts'
import { startPostgres } from '../../src/embedded/postgres.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { rounds } from '../support/long.ts'
import { startStandIn } from '../support/secantus.ts'
import { type Standby, startStandby } from '../support/standby.ts'
import { tcpProxy } from '../support/tcp-proxy.ts'
import { startTraffic, type Traffic } from '../support/traffic.ts'

const timeout = 600_000
const log = (): void => undefined
const allowed = new Set([
  'write UNAVAILABLE',
  'write TRY_AGAIN',
  'write UNKNOWN_OUTCOME',
  'read UNAVAILABLE',
  'read TRY_AGAIN',
])

async function movieOf(api: TestGateway): Promise<string> {
  return String((await api.stores.mongo.connection.db.collection('movies').findOne({}))!._id)
}

/** The comments that the authority holds. */
async function commentsOf(api: TestGateway): Promise<ReadonlySet<string>> {
  const live = api.gateway.routing.flags.get('Comment').stage === 'live'
  return new Set(
    live
      ? (await api.stores.postgres.connection.run<{ id: string }>(sql`select id from comments`)).map(({ id }) => id)
      : (await api.stores.mongo.connection.db.collection('comments').find({}).toArray()).map(({ _id }) => String(_id)),
  )
}

/**
 * Every write that was acknowledged is there, none that was told not to be, every failure said what it is, and figures
 * are printed.
 */
async function judge(
  what: string,
  traffic: Traffic,
  api: TestGateway,
  before: ReadonlySet<string>,
  recoveries: readonly number[],
): Promise<void> {
  await traffic.stop()
  for (const kind of traffic.failures.keys()) expect(allowed).toContain(kind)
  const there = await commentsOf(api)
  const unconfirmed = there.size - before.size - traffic.acknowledged.length
  expect(unconfirmed).toBeLessThanOrEqual(traffic.failures.get('write UNKNOWN_OUTCOME') ?? 0)
  expect(traffic.acknowledged.filter((id) => !there.has(id))).toEqual([])
  expect(traffic.acknowledged).not.toEqual([])
  const failures = [...traffic.failures].map(([kind, count]) => `${kind} ${count}`).join(', ') || 'none'
  console.log(
    `${what}: ${traffic.requests()} requests, ${traffic.acknowledged.length} writes acknowledged, failures: ${failures}; recovered after ms: ${recoveries.join(', ')}`,
  )
}

async function through(mongoUri: string, databaseUrl: string, seed: number, stage: Stage): Promise<TestGateway> {
  const api = await openGateway(seed, { mongoUri, databaseUrl })
  onTestFinished(() => api.close())
  await api.setStage(stage)
  return api
}

test('PostgreSQL as the authority restarts, ends sessions, and a standby takes its place', { timeout }, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-fail-over-'))
  const { uri } = await startPostgres({ dataDir, log })
  const proxy = await tcpProxy(Number(new URL(uri).port))
  let standby: Standby | undefined
  onTestFinished(async () => {
    await proxy.stop()
    await standby?.stop()
    await stopServer(dataDir, 'postgres').catch(() => undefined)
    rmSync(dataDir, { recursive: true, force: true })
  })
  const door = new URL(uri)
  door.port = String(proxy.port)
  const api = await through(inject('mongoUri'), door.href, 41, 'live')
  const before = await commentsOf(api)
  const traffic = startTraffic(api, await movieOf(api))
  const recoveries: number[] = []
  await sleep(1_000)
  for (let round = 0; round < rounds(1, 10); round++) {
    await api.stores.postgres.connection
      .run(
        sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'`,
      )
      .catch(() => undefined)
    recoveries.push(await traffic.recovered())
    await stopServer(dataDir, 'postgres')
    await startPostgres({ dataDir, log })
    recoveries.push(await traffic.recovered())
  }
  await judge('PostgreSQL, sessions ended and restarts', traffic, api, before, recoveries)

  standby = await startStandby(dataDir, uri)
  const then = await commentsOf(api)
  const second = startTraffic(api, await movieOf(api))
  await second.recovered()
  await sleep(1_000)
  process.kill((await startPostgres({ dataDir, log })).pid!, 'SIGKILL')
  const promoted = standby.promote().then(() => proxy.lead(standby!.port))
  const back = await second.recovered()
  await promoted
  await sleep(500)
  await judge('PostgreSQL, a standby promoted', second, api, then, [back])
  await api.idle()
})

const faults: Readonly<Record<string, object>> = {
  'answers 10107': { errorCode: 10107, errorLabels: ['RetryableWriteError'] },
  'answers 91': { errorCode: 91 },
  'answers 11602': { errorCode: 11602, errorLabels: ['RetryableWriteError'] },
  'ends connections': { closeConnection: true },
  'does not confirm': { writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' } },
}

test('MongoDB as the authority steps down, and fails in each way that an election has', { timeout }, async () => {
  const standIn = await startStandIn(['--enable-test-commands', '--sync-on-commit'])
  const uri = `mongodb://127.0.0.1:${standIn.port}/?directConnection=true`
  const operator = new MongoClient(uri)
  onTestFinished(async () => {
    await operator.close()
    await standIn.stop()
  })
  const api = await through(uri, inject('databaseUrl'), 42, 'shadow')
  const order = (command: Document) => operator.db('admin').command(command)
  const before = await commentsOf(api)
  const traffic = startTraffic(api, await movieOf(api))
  const recoveries: number[] = []
  await sleep(500)
  for (let round = 0; round < rounds(1, 10); round++) {
    for (const fault of Object.values(faults)) {
      const data = { failCommands: ['insert', 'update', 'findAndModify', 'find', 'aggregate'], ...fault }
      await order({ configureFailPoint: 'failCommand', mode: { times: 6 }, data })
      await sleep(300)
      await order({ configureFailPoint: 'failCommand', mode: 'off' }).catch(() => undefined)
      recoveries.push(await traffic.recovered())
    }
    await order({ replSetStepDown: 3, force: true }).catch(() => undefined)
    recoveries.push(await traffic.recovered())
  }
  await judge('MongoDB, failed commands and steps down', traffic, api, before, recoveries)
  await api.idle()
})
