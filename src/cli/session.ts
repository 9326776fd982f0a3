import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Stores as Servers, startStores } from '../embedded/start-stores.ts'
import { checkConfig } from '../gateway/check-config.ts'
import type { CrossfadeConfig } from '../gateway/config.ts'
import { readSettings, type Settings } from '../gateway/settings.ts'
import type { Stores } from '../routing/routing.ts'
import { adopt } from '../stores/mongo/codec/adopt.ts'
import { mongoStore } from '../stores/mongo/mongo-store.ts'
import { postgresStore } from '../stores/postgres/postgres-store.ts'
import { CrossfadeError, messageOf } from '../util/errors.ts'

const configFiles = ['crossfade.config.ts', 'crossfade.config.js', 'dist/crossfade.config.js']

/** Loads `crossfade.config.ts`. @throws MISCONFIGURED that says what is wrong with it. */
export async function loadConfig(given?: string): Promise<CrossfadeConfig> {
  const file = given ?? configFiles.find((name) => existsSync(name))
  if (!file) throw new CrossfadeError('MISCONFIGURED', 'There is no crossfade.config.ts here. Name one with --config.')
  let loaded: { default?: unknown }
  try {
    loaded = await import(pathToFileURL(resolve(file)).href)
  } catch (error) {
    if (error instanceof CrossfadeError) throw error
    throw new CrossfadeError('MISCONFIGURED', `${file} cannot be loaded: ${messageOf(error)}`, { cause: error })
  }
  const config = loaded.default ?? {}
  checkConfig(file, config)
  return config
}

/** @throws MISCONFIGURED where an empty store would stand in for the one that was meant. */
function checkGiven(settings: Settings): void {
  const missing = (['MONGODB_URI', 'DATABASE_URL'] as const).filter((setting) => settings[setting] === undefined)
  if (missing.length === 0) return
  const text = `${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not set`
  throw new CrossfadeError(
    'MISCONFIGURED',
    `${text}. Under NODE_ENV=production no store of ours is started in its place.`,
  )
}

export interface Session {
  readonly settings: Settings
  readonly config: CrossfadeConfig
  readonly servers: Servers
  readonly stores: Stores
  close(): Promise<void>
}

/**
 * Opens both stores: those of the environment, else the embedded ones of the data directory, which are started where
 * they do not run, but not under NODE_ENV=production unless `inProduction` is set. A store of the environment need not
 * answer: what needs it says so.
 *
 * @param controlMs what one look at flags and the like may take, in milliseconds: a gateway is to know of a store that
 * hangs, and a command to have its answer.
 */
export async function openSession(
  configFile: string | undefined,
  log: (line: string) => void,
  { inProduction = false, controlMs }: { readonly inProduction?: boolean; readonly controlMs?: number } = {},
): Promise<Session> {
  const settings = readSettings()
  if (!inProduction && process.env['NODE_ENV'] === 'production') checkGiven(settings)
  const config = await loadConfig(configFile)
  const { MONGODB_URI: mongoUri, DATABASE_URL: databaseUrl, CROSSFADE_DATA_DIR: dataDir } = settings
  const servers = await startStores({ dataDir, mongoUri, databaseUrl, log })
  try {
    const stores = {
      mongo: mongoStore({ uri: servers.mongo.uri }, undefined, controlMs),
      postgres: postgresStore({ uri: servers.postgres.uri, adopt }, undefined, controlMs),
    }
    const close = async (): Promise<void> => {
      await Promise.allSettled([stores.mongo.close(), stores.postgres.close()])
      await servers.stop()
    }
    return { settings, config, servers, stores, close }
  } catch (error) {
    await servers.stop()
    throw error
  }
}
