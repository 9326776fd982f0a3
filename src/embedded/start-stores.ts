import { recordedServer, stopServer } from './find-server.ts'
import { type MongoOptions, uriOf as mongoUri, openMongo } from './mongo.ts'
import { openPostgres, type PostgresOptions, uriOf as postgresUri } from './postgres.ts'
import { installedServer } from './postgres-user.ts'
import { startAlone } from './start-alone.ts'
import type { StartedStore } from './started-store.ts'
import { type Part, parts, realDataDir } from './state.ts'

export interface Stores {
  readonly mongo: StartedStore
  readonly postgres: StartedStore
  /** Stops what was started here, Postgres first, also where it was started again since. May be called twice. */
  stop(): Promise<void>
}

/**
 * Starts both stores, or uses those that are given or run already. Data, ports and the choice of server persist in the
 * data directory; each start logs what it is, its version, address and time. Unless `keep` is set, what was started
 * ends with this process.
 *
 * @throws Error with the reasons where a store can't be had; the other is stopped again.
 */
export async function startStores(options: MongoOptions & PostgresOptions): Promise<Stores> {
  // Told before MongoDB is looked for, which may take a download
  if (!options.databaseUrl && !recordedServer(realDataDir(options.dataDir), 'postgres'))
    installedServer(options.npmPackage)
  const both = (each: typeof options) => Promise.allSettled([openPostgres(each), openMongo(each)])
  const given = options.mongoUri && options.databaseUrl
  const [postgres, mongo] = await (given ? both(options) : startAlone(options, both))
  const stop = async (): Promise<void> => {
    if (postgres.status === 'fulfilled' && postgres.value.startedHere) await stopServer(options.dataDir, 'postgres')
    if (mongo.status === 'fulfilled' && mongo.value.startedHere) await stopServer(options.dataDir, 'mongo')
  }
  if (postgres.status === 'fulfilled' && mongo.status === 'fulfilled') {
    return { mongo: mongo.value, postgres: postgres.value, stop }
  }
  await stop()
  const reasons = [postgres, mongo].flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  throw reasons.length === 1 ? reasons[0] : new Error(reasons.map(String).join('\n'), { cause: reasons[0] })
}

/** Stops the stores of a data directory, whoever started them; returns those that ran. */
export async function stopStores(dataDir: string): Promise<Part[]> {
  const stopped: Part[] = []
  for (const part of ['postgres', 'mongo'] as const) if (await stopServer(dataDir, part)) stopped.push(part)
  return stopped
}

/** A store of a data directory that runs. */
export interface RunningStore {
  readonly part: Part
  readonly port: number
  readonly pid: number
}

/** Which stores of a data directory run, and where. */
export function storesStatus(dataDir: string): RunningStore[] {
  const real = realDataDir(dataDir)
  return parts.flatMap((part) => {
    const server = recordedServer(real, part)
    return server ? [{ part, port: server.port, pid: server.pid }] : []
  })
}

/** The addresses of those that run, with PostgreSQL's password: for other programs of who owns the data directory. */
export function storeAddresses(dataDir: string): Partial<Record<Part, string>> {
  const real = realDataDir(dataDir)
  const [mongo, postgres] = [recordedServer(real, 'mongo'), recordedServer(real, 'postgres')]
  return {
    ...(mongo ? { mongo: mongoUri(mongo.port) } : {}),
    ...(postgres ? { postgres: postgresUri(postgres.port, postgres.password) } : {}),
  }
}
