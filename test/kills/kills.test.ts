import { writeFileSync } from 'node:fs'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { ledgersOf } from '../../src/control/flag-store.ts'
import { finishMove } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { STAGE_PLAN, type Stage } from '../../src/stage/stage.ts'
import { Account, account, both, makeUnique, newId, sweepOnce } from '../support/account.ts'
import { compareStores } from '../support/compare-stores.ts'
import { rounds } from '../support/long.ts'
import { type StandIn, startStandIn } from '../support/secantus.ts'
import { changeUnseen, openStores, type Servers, type TestStores } from '../support/stores.ts'
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts'
import { type Action, actions, home, move, pairOf } from './actions.ts'
import { bundleChild, type Program } from './bundle-child.ts'
import type { Ways } from './child.ts'
import type { Found } from './found.ts'
import { type Child, type Point, startChild } from './kill.ts'

/** Trials of each point in the long run; one of some in CI. */
const trials = Number(process.env['CROSSFADE_TRIALS'] ?? rounds(1, 3))
const isLong = rounds(0, 1) === 1

const stages = ['dualwrite', 'shadow', 'live', 'rampdown'] as const satisfies readonly Stage[]

/** In CI every fourth message. */
const stride = rounds(4, 1)

/** The actions that take the most steps, in one stage for each authority. */
const inCi: Readonly<Partial<Record<Action, readonly Stage[]>>> = {
  delete: ['live'],
  move: ['shadow'],
  together: ['shadow', 'live'],
}

/** Of several runs beside each other each takes its part of the messages: a child waits most of the time. */
const [lane = 0, lanes = 1] = (process.env['CROSSFADE_LANE'] ?? '0/1').split('/').map(Number)

const cases = (Object.keys(actions) as Action[]).flatMap((action) =>
  stages
    .filter((stage) => isLong || inCi[action]?.includes(stage))
    .flatMap((stage) => (['request', 'answer'] as const).map((way) => ({ action, stage, way }))),
)

let servers: Servers
let standIn: StandIn | null
let stores: TestStores
let proxies: TcpProxy[]
let ways: Ways
let program: Program
let next: Child
const found: Found = { points: 0, trials: 0, kills: 0, acknowledged: 0, lost: 0, differing: 0, steps: {} }

/** It keeps what it has acknowledged when it is killed. */
const standInOptions = ['--sync-on-commit']

/**
 * Stand-in (SecantusDB): it never ends the transaction of a client that was killed, and what comes later waits for that, so
 * that it is one of this file's own, which can be killed itself. MongoDB ends them after a minute.
 */
async function openOwn(): Promise<StandIn | null> {
  if (inject('mongoName') !== 'SecantusDB') return null
  const standIn = await startStandIn(standInOptions)
  servers = { ...servers, mongoUri: `mongodb://127.0.0.1:${standIn.port}/?directConnection=true` }
  return standIn
}

/** Ends what a transaction in MongoDB may hold, see `openOwn`. */
async function endTransactions(): Promise<void> {
  await standIn?.restart(standInOptions, 'SIGKILL')
  // The connections that broke with it
  const { connection, puts, control } = stores.mongo
  for (const { db } of [connection, puts, control.connection])
    for (let tries = 0; !(await db.command({ ping: 1 }).then(Boolean, () => false)); tries++)
      if (tries > 50) throw new Error('MongoDB does not answer')
}

beforeAll(async () => {
  servers = { mongoUri: inject('mongoUri'), databaseUrl: inject('databaseUrl') }
  standIn = await openOwn()
  stores = await openStores([Account], undefined, standIn ? servers : undefined)
  await makeUnique(stores)
  await prepareFlags(ledgersOf(stores), ['Account'])
  await move(stores, 'dualwrite')
  await backfill({ stores, entity: Account })
  proxies = await Promise.all([servers.mongoUri, servers.databaseUrl].map((uri) => tcpProxy(Number(new URL(uri).port))))
  const [mongo, postgres] = proxies
  const database = stores.mongo.connection.db.databaseName
  ways = {
    mongoUri: through(servers.mongoUri, mongo!, '/'),
    databaseUrl: through(servers.databaseUrl, postgres!, `/${database}`),
    database,
  }
  program = await bundleChild()
  next = startChild(program.file, ways)
})
afterAll(async () => {
  next?.end()
  program?.remove()
  const out = process.env['CROSSFADE_KILLS_OUT']
  if (out) writeFileSync(out, JSON.stringify(found))
  await Promise.all((proxies ?? []).map((proxy) => proxy.stop()))
  if (!standIn) return stores?.close()
  await Promise.all([stores?.mongo.close(), stores?.postgres.close()])
  await standIn.stop()
})

function through(uri: string, proxy: TcpProxy, path: string): string {
  const url = new URL(uri)
  url.port = String(proxy.port)
  url.pathname = path
  return url.href
}

const order: readonly Stage[] = ['dualwrite', 'shadow', 'live', 'rampdown']

/** Ends what was cut off as operators do, and goes to a stage one step after the other. */
async function toStage(stage: Stage): Promise<void> {
  await finishMove({ ledgers: ledgersOf(stores), log: () => undefined }, 'Account')
  for (let present = (await home(stores)).stage; present !== stage; present = (await home(stores)).stage)
    await move(stores, order[order.indexOf(present) + Math.sign(order.indexOf(stage) - order.indexOf(present))]!)
}

const visitsOf = async (id: string): Promise<number | null | undefined> => {
  const { from } = await home(stores)
  const { authority } = (await both(stores, from, id)) as { authority?: { record: { visits?: number } | null } }
  return authority === undefined ? undefined : authority.record === null ? null : (authority.record.visits ?? 0)
}

/** One record that both stores have, and one that is owed; no others, so that no trial takes longer than the first. */
async function records(): Promise<string> {
  await stores.mongo.connection.db.collection('accounts').deleteMany({})
  await changeUnseen(stores, sql`truncate accounts, account_tags`)
  const [id, owed] = [newId(), newId()]
  const { from, stamp } = await home(stores)
  await stores[from].authority.create(Account, account(id, { visits: 0 }), stamp)
  await sweepOnce(stores, from)
  await stores[from].authority.create(Account, account(owed), stamp)
  return id
}

/** What the dead one had claimed would expire within half a minute. */
async function expireClaims(): Promise<void> {
  await stores.mongo.connection.db.collection('_crossfade_claims').deleteMany({})
  await stores.postgres.connection.run(sql`delete from crossfade.claims`)
}

async function converge(): Promise<void> {
  await expireClaims()
  await finishMove({ ledgers: ledgersOf(stores), log: () => undefined }, 'Account')
  const { from } = await home(stores)
  await stores[from].authority.settleHidden(Account, true)
  for (let round = 0; (await sweepOnce(stores, from)) > 0; round++) if (round > 20) throw new Error('it stays owed')
}

/** @returns whether the child was killed there: it has fewer steps otherwise. */
async function trial(action: Action, stage: Stage, point: Point): Promise<boolean> {
  await toStage(stage)
  const there = await records()
  const id = action === 'create' ? newId() : there
  const child = next
  const { wasKilled, wasAcknowledged } = await child.killAt({ action, id }, point, proxies)
  if (wasKilled && action === 'together' && STAGE_PLAN[stage].authority === 'mongo') await endTransactions()
  next = startChild(program.file, ways)
  if (wasKilled) found.kills++
  if (wasAcknowledged) found.acknowledged++
  await converge()
  const left = await visitsOf(id)
  const { different } = await compareStores(stores, Account)
  found.differing += different.length
  expect({ point, different }).toEqual({ point, different: [] })
  if (wasAcknowledged) {
    const wanted = { create: 0, patch: 1, together: 1, delete: null }[
      action as 'create' | 'patch' | 'together' | 'delete'
    ]
    if (left !== wanted) found.lost++
    expect({ point, left }).toEqual({ point, left: wanted })
  }
  // Whole or not at all
  if (action === 'together') {
    const pair = (await visitsOf(pairOf(id))) !== undefined
    expect({ point, left, pair }).toEqual({ point, left: pair ? 1 : 0, pair })
  }
  // What moved authority did not touch the record
  if (action === 'move' || action === 'copy' || action === 'sweep') expect({ point, left }).toEqual({ point, left: 0 })
  found.trials++
  return wasKilled
}

test.each(cases)('$action in $stage, killed at each $way', { timeout: 0 }, async ({ action, stage, way }) => {
  const step = (found.steps[`${action} ${stage} ${way}`] = { points: 0, trials: 0 })
  for (let n = 1 + lane * stride; ; n += lanes * stride) {
    let wasKilled = true
    for (let each = 0; each < trials && wasKilled; each++) {
      wasKilled = await trial(action, stage, { way, n })
      step.trials++
    }
    if (!wasKilled) break
    step.points++
    found.points++
  }
  if (lane === 0) expect(step.points).toBeGreaterThan(0)
})
