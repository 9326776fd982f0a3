import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Notices } from '../control/notices.ts'
import { times } from '../control/times.ts'
import { Recorder } from '../replay/recorder.ts'
import type { Meter } from '../routing/meter.ts'
import type { Routing, Stores } from '../routing/routing.ts'
import type { Mismatch } from '../stores/findings.ts'
import { type ListenAt, listen } from '../util/listen.ts'
import { until } from '../util/until.ts'
import { checkApp, startLooks } from './app.ts'
import { type CrossfadeConfig, graphqlPath } from './config.ts'
import { EventStreams } from './event-streams.ts'
import { httpServer } from './http-server.ts'
import { watchKilled } from './kill-notices.ts'
import { limitsOf } from './limits.ts'
import { openInstance } from './open-instance.ts'
import { Readiness } from './readiness.ts'
import type { LogRequest } from './request-lines.ts'
import { Retention } from './retention.ts'
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
  /** See `requestLines`. */
  readonly logRequest?: LogRequest | undefined
  /** Called with every mismatch, as it is found. */
  readonly onMismatch?: (mismatch: Mismatch) => void
  /** See `openInstance`. */
  readonly captures?: boolean
  /** Default: nothing is measured. */
  readonly meter?: Meter
  /** Default: nobody is told. */
  readonly notices?: Notices
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

type At = Pick<GatewayRun, 'port' | 'host'>

const place = ({ port, host = '127.0.0.1' }: At): ListenAt => ({ port, host, setting: 'PORT' })

/** For what takes a while to get as far as the gateway. @throws see `listen`. */
export async function checkPort(at: At): Promise<void> {
  const server = createServer()
  await listen(server, place(at))
  await new Promise((closed) => server.close(closed))
}

/**
 * Takes no more clients, and waits for those that are served, within bounds: one that never leaves is cut off, and so are
 * subscriptions at once.
 */
async function drain(server: Server, streams: EventStreams, ms: number): Promise<void> {
  let closed = false
  server.close(() => {
    closed = true
  })
  await until(() => {
    streams.end()
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
  checkApp(config, run.log)
  const limits = limitsOf(config.limits)
  const { entities, migrations } = config
  const { id: instance, routing, leave } = await openInstance({ ...run, ...config, limits })
  const { flags } = routing

  const readiness = new Readiness({ stores, entities, migrations, flags, log: run.log })
  const retention = new Retention({ ...config.retention, stores, entities, dataDir, owner: instance, log: run.log })
  const recorder = new Recorder({
    ...config,
    ...config.record,
    dataDir,
    instance,
    maxAgeMs: retention.ms,
    log: run.log,
  })
  const streams = new EventStreams()
  const unwatch = watchKilled(routing, run.notices)
  const graphql = createGateway({ config, routing, limits, recorder, streams, logRequest: run.logRequest })
  const server = httpServer({ limits, readiness, path: graphqlPath(config), graphql, meter: run.meter })
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    readiness.stop()
    unwatch()
    const drainMs = run.drainMs ?? times.drain
    run.log('info', `The gateway stops, and waits ${drainMs / 1_000} s at most for its clients.`)
    await drain(server, streams, drainMs)
    await Promise.all([recorder.stop(), retention.stop(), leave()])
  }
  try {
    await listen(server, place(run))
  } catch (error) {
    await close()
    throw error
  }
  const known = startLooks(routing, config)
  if (!config.subject && (config.flags || known.some(({ name }) => flags.get(name).readPercent % 100 > 0)))
    run.log('warn', 'A share of reads below 100 percent moves nobody: no `subject` in the configuration says who asks.')
  const { port } = server.address() as AddressInfo // of a server that listens at a port
  const end = `:${port}${graphqlPath(config)}`
  readiness.start()
  recorder.start()
  retention.start()
  run.log('info', `The gateway listens at http://${run.host ?? '127.0.0.1'}${end}`, { instance, dataDir })
  return { url: `http://127.0.0.1${end}`, routing, close: () => (closing ??= close()) }
}
