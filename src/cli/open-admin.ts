import { fileURLToPath } from 'node:url'
import { type RunningAdmin, startAdmin, type Tokens } from '../admin/admin-server.ts'
import { adminApi } from '../admin/api/api.ts'
import type { Asker } from '../admin/api/served.ts'
import { consoleFiles } from '../admin/console-files.ts'
import { GateNotices } from '../admin/gate-notices.ts'
import { jobMetrics } from '../admin/job-metrics.ts'
import type { Killed } from '../admin/killed.ts'
import { KnownTokens } from '../admin/known-tokens.ts'
import type { Metrics } from '../admin/metrics.ts'
import { routingMetrics } from '../admin/routing-metrics.ts'
import { hashOf } from '../admin/tokens.ts'
import { ledgersOf } from '../control/flag-store.ts'
import { killFileOf, readKilled } from '../control/kill-file.ts'
import { killByStores } from '../control/killed-by-stores.ts'
import type { Notices } from '../control/notices.ts'
import { flagKeyNamed } from '../entity/type-of.ts'
import type { CrossfadeConfig } from '../gateway/config.ts'
import type { Settings } from '../gateway/settings.ts'
import { told } from '../gateway/told.ts'
import { recordingFiles, recordingsIn } from '../replay/recordings.ts'
import type { Routing } from '../routing/routing.ts'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import { jobsApart } from './jobs-apart.ts'
import { killHere } from './kill-here.ts'
import { tellPeers } from './tell-peers.ts'

const defaultPort = 4001

/** The switch, as `stage kill` has it: by the file of this data directory, by the stores that answer, and by peers. */
function killedIn(dataDir: string, { entities, stores, killSwitch, log }: Routing): Killed {
  const file = killFileOf(dataDir)
  const list = (): string[] => [...new Set([...readKilled(file), ...killSwitch.namesByStores()])]
  const elsewhere = async (type: string, on: boolean, by: string): Promise<string[]> => {
    const [byStores, peers] = await Promise.all([killByStores(ledgersOf(stores), type, on, by), tellPeers(type, on)])
    killSwitch.learn(byStores.said)
    return [...byStores.untold, ...[...peers.untold].map(([peer, why]) => `${peer} (${why})`)]
  }
  return {
    list,
    async set(type, on, by, here) {
      // One that the mapping has no more may be killed still
      if (type !== 'all' && !list().includes(type)) flagKeyNamed(entities, type)
      const { fault } = killHere(dataDir, type, on)
      const untold = [...(fault === null ? [] : [`${file} (${fault})`]), ...(here ? [] : await elsewhere(type, on, by))]
      log('warn', `${by} has ${on ? 'killed' : 'let the flags rule again of'} ${type}, by the admin port.`)
      for (const each of untold) log('warn', `${each} could not be told of it.`)
      return { killed: list(), untold }
    },
  }
}

interface Opened {
  readonly settings: Settings
  readonly config: CrossfadeConfig
  /** The file that it was loaded from, where one was named. */
  readonly configFile?: string | undefined
  readonly routing: Routing
  readonly metrics: Metrics
  /** Somebody who is let in beside those who have tokens of `crossfade token`. */
  readonly guest?: Guest
  readonly notices?: Notices | undefined
}

export interface Guest extends Asker {
  readonly secret: string
}

/** Where the console is built, beside our sources and in the package. */
const builtIn = ['../../dist/console', '../../console'].map((path) => fileURLToPath(new URL(path, import.meta.url)))

const builtConsole = () => builtIn.map(consoleFiles).find(({ size }) => size > 0) ?? new Map<string, never>()

function tokensWith(known: Tokens, guest: Guest | undefined): Tokens {
  const hash = guest && hashOf(guest.secret)
  return { find: async (secret) => (guest && hashOf(secret) === hash ? guest : known.find(secret)) }
}

/**
 * The admin port of a gateway. Where none is asked for, and another gateway of this machine has the default one, there is
 * none, and the log says so.
 *
 * @throws MISCONFIGURED where the one that is asked for is taken.
 */
export async function openAdmin({
  settings,
  config,
  configFile,
  routing,
  metrics,
  guest,
  notices,
}: Opened): Promise<RunningAdmin | null> {
  const { ADMIN_PORT: port, ADMIN_HOST: host, CROSSFADE_DATA_DIR: dataDir } = settings
  const { stores, log } = routing
  for (const each of [...routingMetrics(routing), ...jobMetrics(stores, config.entities)]) metrics.add(each)
  const tokens = tokensWith(new KnownTokens(ledgersOf(stores)), guest)
  const console = builtConsole()
  const killed = killedIn(dataDir, routing)
  const closing = new AbortController()
  const api = adminApi({
    app: config,
    stores,
    killed,
    jobs: jobsApart(configFile, closing.signal),
    recordings: () => recordingFiles(recordingsIn(dataDir)),
    tell: told,
    log,
    notices,
  })
  try {
    const admin = await startAdmin({
      port: port ?? defaultPort,
      host,
      tokens,
      metrics,
      killed,
      api,
      console,
      proxy: config.admin?.proxy,
    })
    const page = console.size > 0 ? ' It has the console.' : ''
    log('info', `The admin port listens at ${admin.url}; \`crossfade token make\` gives access.${page}`)
    const gates = notices && new GateNotices({ app: config, stores, notices, log })
    gates?.start()
    return {
      url: admin.url,
      close() {
        gates?.stop()
        closing.abort()
        return admin.close()
      },
    }
  } catch (error) {
    if (port !== undefined || !(error instanceof CrossfadeError)) throw error
    log('warn', `There is no admin port: ${messageOf(error)}`)
    return null
  }
}
