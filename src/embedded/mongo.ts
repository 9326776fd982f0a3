import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import { askMongo, initiateReplicaSet } from './ask-mongo.ts'
import { findServer } from './find-server.ts'
import { givenStore } from './given-store.ts'
import type { MongoChoice } from './mongo-choice.ts'
import { mongodDownload } from './mongod-download.ts'
import { mongodOnPath } from './mongod-on-path.ts'
import { runServer } from './run-server.ts'
import { secantus, secantusVersion } from './secantus.ts'
import { startAlone } from './start-alone.ts'
import type { StartedStore, StartOptions } from './started-store.ts'
import { readState, type ServerState } from './state.ts'

interface Way {
  /** How it is remembered in `stores.json`. */
  readonly id: string
  readonly label: string
  /** Finds or installs it. @throws with the reason where it is not to be had. */
  readonly prepare: (cacheDir: string, log: (line: string) => void) => Promise<MongoChoice>
}

/** In the order of trying: the real server first, what is at hand before what takes a download. */
const ways: readonly Way[] = [
  { id: 'path', label: 'a mongod on PATH or at MONGOMS_SYSTEM_BINARY', prepare: mongodOnPath },
  { id: 'download', label: 'a mongod downloaded by mongodb-memory-server-core', prepare: mongodDownload },
  { id: 'pypi', label: `SecantusDB ${secantusVersion} from PyPI (needs python3 with venv)`, prepare: secantus },
]

/** The address of an embedded MongoDB. */
export const uriOf = (port: number): string => `mongodb://127.0.0.1:${port}/crossfade?directConnection=true`

async function startWay({ id, prepare }: Way, options: StartOptions): Promise<StartedStore> {
  const { dataDir, log } = options
  const began = performance.now()
  const choice = await prepare(process.env['CROSSFADE_CACHE_DIR'] || join(dataDir, 'cache'), log)
  const data = join(dataDir, choice.folder)
  mkdirSync(data, { recursive: true })
  const ready = async (port: number) => {
    if (choice.initiate) await initiateReplicaSet(uriOf(port), port)
    return askMongo(uriOf(port))
  }
  const plan = {
    part: 'mongo' as const,
    data,
    command: choice.command,
    args: (port: number) => choice.args(port, data),
    logFile: join(dataDir, 'mongo.log'),
    remember: { choice: id },
    uri: uriOf,
    ready,
  }
  return runServer(plan, { ...options, began })
}

/** A choice binds once there is data: another server would start empty, and look like a loss. */
function isBound(state: ServerState | undefined): state is ServerState {
  return state?.choice !== undefined && existsSync(state.data) && readdirSync(state.data).length > 0
}

export type MongoOptions = StartOptions & {
  /** Address of a server to use; none is started then. */
  readonly mongoUri?: string | undefined
}

/**
 * Starts MongoDB alone, as `startStores` does: also again, after it was killed, with its data and address.
 *
 * @throws CrossfadeError MISCONFIGURED with a reason for each way that failed.
 */
export async function startMongo(options: MongoOptions): Promise<StartedStore> {
  return options.mongoUri ? openMongo(options) : startAlone(options, openMongo)
}

/** MongoDB at the given address, or the one that runs, or by the first way that works. Callers hold the start lock. */
export async function openMongo(options: MongoOptions): Promise<StartedStore> {
  const { dataDir, log, mongoUri } = options
  if (mongoUri) return givenMongo(mongoUri, log)
  const running = await findServer('mongo', options, ({ port }) => uriOf(port), askMongo)
  if (running) return running
  const state = readState(dataDir, 'mongo')
  const bound = isBound(state) ? ways.find(({ id }) => id === state.choice) : undefined
  const reasons: string[] = []
  for (const way of bound ? [bound] : ways) {
    try {
      return await startWay(way, options)
    } catch (error) {
      reasons.push(`${way.label}: ${messageOf(error)}`)
      log(`MongoDB: not ${reasons.at(-1)}`)
    }
  }
  const last = bound
    ? `Its data is in ${state?.data}, so no other server is tried; remove that folder to begin anew with another.`
    : 'Set MONGODB_URI, or make one of these work.'
  const lines = ['MongoDB could not be started:', ...reasons.map((reason) => `- ${reason}`), last]
  throw new CrossfadeError('MISCONFIGURED', lines.join('\n'))
}

function givenMongo(uri: string, log: (line: string) => void): Promise<StartedStore> {
  return givenStore({ setting: 'MONGODB_URI', name: 'MongoDB', uri, ask: askMongo, log })
}
