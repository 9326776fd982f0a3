import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ledgersOf } from '../control/flag-store.ts'
import { FlagWatch } from '../control/flag-watch.ts'
import { Heartbeat } from '../control/heartbeat.ts'
import { KillSwitch } from '../control/kill-switch.ts'
import { times } from '../control/times.ts'
import { checkEntities } from '../entity/checks.ts'
import type { Entity } from '../entity/entity.ts'
import { Mirror } from '../mirror/mirror.ts'
import { Sweeper } from '../mirror/sweeper.ts'
import { checkNeeds } from '../resolve/check-needs.ts'
import { checkShown } from '../resolve/check-shown.ts'
import { checkValid } from '../resolve/check-valid.ts'
import { checkWrites, silentMutations } from '../resolve/check-writes.ts'
import { contractOrders } from '../resolve/contract-orders.ts'
import { FailOvers } from '../routing/fail-overs.ts'
import { Permits } from '../routing/permits.ts'
import type { Routing, Stores } from '../routing/routing.ts'
import { Shadow } from '../shadow/shadow.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { failureOfAny, isOutage } from '../stores/failure.ts'
import type { Mismatch } from '../stores/findings.ts'
import { awaitWithin } from '../util/await-within.ts'
import { CrossfadeError, codeOf } from '../util/errors.ts'
import { until } from '../util/until.ts'
import type { CrossfadeConfig } from './config.ts'
import { httpServer } from './http-server.ts'
import { type Limits, limitsOf } from './limits.ts'
import { Readiness } from './readiness.ts'
import { createGateway } from './yoga.ts'

export interface GatewayRun {
  readonly config: CrossfadeConfig
  readonly stores: Stores
  /** 0 chooses a free one. */
  readonly port: number
  /** Default 127.0.0.1. */
  readonly host?: string
  readonly dataDir: string
  readonly log: Routing['log']
  /** Called with every mismatch, as it is found. */
  readonly onMismatch?: (mismatch: Mismatch) => void
  /** How long `close` waits for clients, in milliseconds; default 8,000. */
  readonly drainMs?: number
  /** A store that answers later than this is asked nothing that the other one can answer; default 500 ms. */
  readonly probeMs?: number
}

export interface RunningGateway {
  readonly url: string
  readonly routing: Routing
  /**
   * Takes nothing new, finishes what is under way, mirrors, and lets go, whatever clients and stores do: what does not
   * end in time is cut off. Safe to call twice.
   */
  close(): Promise<void>
}

function createRouting(
  { config, stores, dataDir, log, onMismatch, probeMs }: GatewayRun,
  owner: string,
  limits: Limits,
): Routing {
  const ledgers = ledgersOf(stores)
  const types = config.entities.map(({ name }) => name)
  const byName = new Map(config.entities.map((entity) => [entity.name, entity]))
  const flags = new FlagWatch({
    types,
    ledgers,
    dataDir,
    log,
    probeMs,
    onSilent: (origin) => stores[origin].distrust(),
  })
  const mirror = new Mirror({ stores, log })
  const owing = (type: string): 'mongo' | 'postgres' | null => {
    if (!flags.has(type)) return null
    const plan = STAGE_PLAN[flags.get(type).stage]
    return plan.mirror === null ? null : plan.authority
  }
  const sweeper = new Sweeper({ stores, entities: config.entities, owing, owner, olderThanMs: 1_000, log })
  const shadow = new Shadow({
    ...config.shadow,
    log,
    onMismatch,
    isOutage: (error) => isOutage(failureOfAny(stores, error)),
    async pending(type) {
      const from = owing(type)
      return from !== null && (await stores[from].candidate.outbox.backlog(byName.get(type)!)).count > 0
    },
    async owedFor(type, ids) {
      const from = owing(type)
      return from === null ? new Map() : stores[from].candidate.outbox.owedFor(byName.get(type)!, ids)
    },
    keep: (seen) => stores.postgres.findings.add(seen),
  })
  return {
    stores,
    entities: config.entities,
    flags,
    killSwitch: new KillSwitch(dataDir, types),
    shadow,
    mirror,
    sweeper,
    permits: new Permits(flags, (origin) => stores[origin].takesWrites()),
    failOvers: new FailOvers(log),
    readsUnderWay: { mongo: 0, postgres: 0 },
    limits,
    log,
  }
}

/** @throws MISCONFIGURED where mapping, schema and configuration do not fit each other. */
function checkApp({ config: { schema, entities, cors }, log }: GatewayRun): void {
  if (cors?.credentials && [cors.origin].flat().includes('*'))
    throw new CrossfadeError('MISCONFIGURED', "cors: origin '*' cannot go with credentials; name the sites.")
  checkEntities(entities)
  checkValid(schema)
  checkShown(schema, entities)
  checkNeeds(schema, entities)
  checkWrites(schema, entities)
  const silent = silentMutations(schema)
  if (silent.length === 0) return
  const advice = 'Those that call write() fail without: `extensions: { writes: only(…) }`.'
  log('warn', `These mutations do not say what they write: ${silent.join(', ')}. ${advice}`)
}

/** @throws MISCONFIGURED where the port is taken, or is not ours to take. */
function listen(server: Server, { port, host = '127.0.0.1' }: GatewayRun): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const code = codeOf(error)
      const why = code === 'EADDRINUSE' ? 'is taken' : code === 'EACCES' ? 'may not be taken by this user' : null
      const text = `${host}:${port} ${why}. Set PORT to another, or to 0 for a free one.`
      reject(why ? new CrossfadeError('MISCONFIGURED', text, { cause: error }) : error)
    })
    server.listen(port, host, resolve)
  })
}

/** Takes no more clients, and waits for those that are served, within bounds: one that never leaves is cut off. */
async function drain(server: Server, ms: number): Promise<void> {
  let closed = false
  server.close(() => {
    closed = true
  })
  await until(() => {
    server.closeIdleConnections()
    return closed
  }, ms)
  server.closeAllConnections()
}

/**
 * Starts the gateway: flags first, then the mirror's sweep, then the server. A store that does not answer is no reason
 * not to: it may come, and `/readyz` tells.
 *
 * @throws CrossfadeError MISCONFIGURED where the mapping, what a field needs or the declared writes cannot work, or
 * both stores answer and know no flag.
 */
export async function startGateway(run: GatewayRun): Promise<RunningGateway> {
  const { config, stores, dataDir } = run
  checkApp(run)
  const instance = randomUUID()
  const limits = limitsOf(config.limits)
  const routing = createRouting(run, instance, limits)
  const { flags, sweeper, shadow, mirror, permits } = routing
  await flags.start()
  const ledgers = ledgersOf(stores)
  const heartbeat = new Heartbeat(ledgers, () => ({
    id: instance,
    seen: Date.now(),
    acknowledged: Object.fromEntries(
      config.entities.filter(({ name }) => flags.has(name)).map(({ name }) => [name, permits.acknowledged(name)]),
    ),
  }))
  await heartbeat.start()
  flags.onChange(() => void heartbeat.beat())
  sweeper.start()

  const { entities, migrations } = config
  const readiness = new Readiness({ stores, entities, migrations, flags, log: run.log })
  const graphql = createGateway({ config, routing, limits })
  const server = httpServer({ limits, readiness, graphql })
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    readiness.stop()
    const drainMs = run.drainMs ?? times.drain
    run.log('info', `The gateway stops, and waits ${drainMs / 1_000} s at most for its clients.`)
    await drain(server, drainMs)
    permits.close()
    const idle = await until(() => permits.isIdle, times.write)
    await awaitWithin(Promise.all([shadow.stop(), sweeper.stop(), mirror.flush()]), times.controlCall)
    flags.stop()
    await routing.killSwitch.stop()
    // A mover waits for what is still being written as for a gateway that has died
    await awaitWithin(idle ? heartbeat.withdraw() : heartbeat.stop(), times.controlCall)
  }
  try {
    await listen(server, run)
  } catch (error) {
    await close()
    throw error
  }
  const asked = contractOrders(config.schema, config.entities)
  // A store that has told no flag is down, or not prepared: its first query begins the look
  const known = config.entities.filter(({ name }) => flags.has(name))
  const keysOf = ({ name }: Entity) => (asked.get(name) ?? []).flatMap(({ keys }) => keys)
  stores.mongo.startLooks(new Map(known.map((entity) => [entity, keysOf(entity)])), run.log)
  const { port } = server.address() as AddressInfo // of a server that listens at a port
  readiness.start()
  run.log('info', `The gateway listens at http://${run.host ?? '127.0.0.1'}:${port}/graphql`, { instance, dataDir })
  return { url: `http://127.0.0.1:${port}/graphql`, routing, close: () => (closing ??= close()) }
}
