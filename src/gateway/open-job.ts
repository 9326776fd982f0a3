import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { times } from '../control/times.ts'
import { checkEntities } from '../entity/checks.ts'
import type { Entity } from '../entity/entity.ts'
import { typeOf } from '../entity/type-of.ts'
import { checkScopes } from '../query/check-scopes.ts'
import { typeReader } from '../resolve/type-reader.ts'
import { only, type Writes } from '../routing/declared-writes.ts'
import { Reads, type RequestReads } from '../routing/reads.ts'
import type { Routing, Stores } from '../routing/routing.ts'
import { write } from '../routing/writes.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { adopt } from '../stores/mongo/codec/adopt.ts'
import { mongoStore } from '../stores/mongo/mongo-store.ts'
import { postgresStore } from '../stores/postgres/postgres-store.ts'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import { type Origin, origins } from '../util/origin.ts'
import { checkApp, startLooks } from './app.ts'
import { checkConfig } from './check-config.ts'
import type { CrossfadeConfig } from './config.ts'
import type { Crossfade, CrossfadeOptions } from './crossfade.ts'
import { timed } from './deadline.ts'
import { executor } from './execute.ts'
import { limitsOf } from './limits.ts'
import { openInstance } from './open-instance.ts'
import { Readiness } from './readiness.ts'
import { Retention } from './retention.ts'
import { readSettings } from './settings.ts'
import { told } from './told.ts'

interface JobSettings {
  readonly uris: Readonly<Record<'MONGODB_URI' | 'DATABASE_URL', string>>
  readonly dataDir: string
}

/** @throws MISCONFIGURED for addresses that are missing, or none. */
function settingsOf({ mongoUri, databaseUrl, dataDir }: CrossfadeOptions): JobSettings {
  const given = { MONGODB_URI: mongoUri, DATABASE_URL: databaseUrl, CROSSFADE_DATA_DIR: dataDir }
  const named = Object.entries(given).filter(([, value]) => value !== undefined)
  const settings = readSettings({ ...process.env, ...Object.fromEntries(named) })
  const { MONGODB_URI, DATABASE_URL, CROSSFADE_DATA_DIR } = settings
  if (MONGODB_URI !== undefined && DATABASE_URL !== undefined)
    return { uris: { MONGODB_URI, DATABASE_URL }, dataDir: CROSSFADE_DATA_DIR }
  const missing = (['MONGODB_URI', 'DATABASE_URL'] as const).filter((name) => settings[name] === undefined)
  const text = `${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not set`
  const remedy = '`crossfade stores status --uri` prints the addresses of those that run in a data directory'
  throw new CrossfadeError('MISCONFIGURED', `${text}, and a job starts no store of its own: ${remedy}.`)
}

/** Why a store does not answer, with its name and its place. */
async function silenceOf(stores: Stores, origin: Origin, env: JobSettings['uris']): Promise<string> {
  try {
    await stores[origin].ping(times.controlCall)
    return `${origin} was too late with its first answer; try again.`
  } catch (error) {
    return told(error, { env, reads: true }) ?? messageOf(error)
  }
}

/** @throws UNAVAILABLE for each store that is silent and has authority; MISCONFIGURED where a newer version, or another mapping, keeps them. */
async function checkStores({ flags, entities, stores }: Routing, uris: JobSettings['uris']): Promise<void> {
  const problems = [...flags.formats.problems, ...flags.disagreements]
  if (problems.length > 0) throw new CrossfadeError('MISCONFIGURED', problems.join('\n'))
  const mayNeed = (origin: Origin): boolean =>
    entities.some(({ name }) => !flags.has(name) || STAGE_PLAN[flags.get(name).stage].authority === origin)
  const silent = origins.filter((origin) => flags.isDown(origin) && mayNeed(origin))
  if (silent.length === 0) return
  const lines = await Promise.all(silent.map((origin) => silenceOf(stores, origin, uris)))
  throw new CrossfadeError('UNAVAILABLE', lines.join('\n'))
}

const staleText = ({ name }: Entity): string =>
  `The data store with authority over ${name} does not answer, and the other one may be behind; try again.`

const toStderr: Routing['log'] = (level, message) => {
  if (level === 'warn') process.stderr.write(`${message}\n`)
}

/** See `openCrossfade`. */
export async function openJob(config: CrossfadeConfig, options: CrossfadeOptions): Promise<Crossfade> {
  checkConfig('The config', config)
  const { entities, migrations } = config
  const { log = toStderr, serves = false } = options
  if (serves) checkApp(config, log)
  else {
    checkEntities(entities)
    checkScopes(entities)
  }
  const limits = limitsOf(config.limits)
  const { uris, dataDir } = settingsOf(options)
  const stores: Stores = {
    mongo: mongoStore({ uri: uris.MONGODB_URI }, undefined, times.controlCall),
    postgres: postgresStore({ uri: uris.DATABASE_URL, adopt }, undefined, times.controlCall),
  }
  const closeStores = (): Promise<unknown> => Promise.allSettled([stores.mongo.close(), stores.postgres.close()])
  const id = `${serves ? 'server' : 'job'} ${hostname()} ${process.pid} ${randomUUID()}` // movers name whom they wait for
  const { subject = id } = options
  const instance = await openInstance({
    ...config,
    flags: serves ? config.flags : undefined,
    stores,
    dataDir,
    limits,
    log,
    id,
  }).catch(async (error: unknown) => {
    await closeStores()
    throw error
  })
  const { routing, leave } = instance
  const readiness = new Readiness({ stores, entities, migrations, flags: routing.flags, log })
  const retention = new Retention({ ...config.retention, stores, entities, dataDir, owner: id, log })
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    readiness.stop()
    await Promise.all([retention.stop(), leave()])
    await closeStores()
  }

  const written = new Set<Entity>()
  const checkOpen = (): void => {
    if (closing) throw new CrossfadeError('MISCONFIGURED', 'This job has called close(): open another.')
  }
  /** @throws BAD_USER_INPUT for a name that no type has, MISCONFIGURED for a mapping that the config does not name. */
  const entityOf = (type: Entity | string): Entity => {
    if (typeof type === 'string') return typeOf(entities, type)
    if (entities.includes(type)) return type
    throw new CrossfadeError('MISCONFIGURED', `${type.name} is not among the entities of the config.`)
  }

  async function request<T>(entity: Entity, work: (reads: RequestReads) => Promise<T>): Promise<T> {
    checkOpen()
    const ends = new AbortController()
    const text = `The read took longer than ${limits.answerMs / 1_000} s (limits.answerMs); ask for less.`
    const end = (): void => ends.abort(new CrossfadeError('UNAVAILABLE', text))
    const timer = setTimeout(end, limits.answerMs)
    try {
      const reads = new Reads(routing, () => subject, written.has(entity), ends.signal)
      const result = await work(reads)
      // A record has no place to say so, and a job may go on to write by what it reads
      if (reads.stale.size > 0) throw new CrossfadeError('UNAVAILABLE', staleText(entity))
      return result
    } finally {
      clearTimeout(timer)
    }
  }

  const crossfade: Crossfade = {
    async write(types, work) {
      checkOpen()
      const given: Writes = typeof types === 'object' && 'entities' in types ? types : only(entityOf(types))
      const declared = given.entities.map(entityOf)
      return write(routing, { ...given, entities: declared }, work, () => {
        for (const entity of declared) written.add(entity)
      })
    },
    reader<E extends Entity>(type: E | string) {
      const entity = entityOf(type) as E // the one that was given, or any
      return typeReader(entity, (work) => request(entity, work))
    },
    context(given) {
      checkOpen()
      const { subject: whoAsks = '', response, signal } = given ?? {}
      return { routing, subject: () => whoAsks, ...timed(limits.answerMs, { signal }, response) }
    },
    execute: executor({ limits, log, showError: config.showError }),
    problems: () => readiness.problems(),
    close: () => (closing ??= close()),
    [Symbol.asyncDispose]: () => crossfade.close(),
  }
  if (serves) {
    // A store that does not answer may come; `problems` tells
    startLooks(routing, config)
    readiness.start()
    retention.start()
    return crossfade
  }
  try {
    await checkStores(routing, uris)
  } catch (error) {
    await crossfade.close()
    throw error
  }
  return crossfade
}
