import { MongoServerError, MongoServerSelectionError } from 'mongodb'
import type { Entity } from '../../entity/entity.ts'
import { awaitWithin, timedOut } from '../../util/await-within.ts'
import { codeOf, messageOf } from '../../util/errors.ts'
import { ledgerClaims, ledgerEntries, ledgerLogs, type MongoConnection, tombstones } from './connection.ts'
import { failureOf } from './errors.ts'
import { missingRights, type Right } from './rights.ts'

/** Part of the answer to `hello`. */
interface Hello {
  readonly isWritablePrimary?: boolean
  readonly setName?: string
  readonly hosts?: readonly string[]
  readonly primary?: string
  /** `isdbgrid` for a mongos. */
  readonly msg?: string
}

/** What serves at the other end: a replica set with so many members, a sharded cluster, or one server by itself. */
export type Deployment =
  | { readonly kind: 'set'; readonly name: string; readonly members: number }
  | { readonly kind: 'sharded' | 'standalone' }

const patienceMs = 5_000

const hello = (connection: MongoConnection): Promise<Hello> => connection.db.command({ hello: 1 })

export async function deploymentOf(connection: MongoConnection): Promise<Deployment> {
  const { setName, hosts, msg } = await hello(connection)
  if (setName !== undefined) return { kind: 'set', name: setName, members: hosts?.length ?? 1 }
  return { kind: msg === 'isdbgrid' ? 'sharded' : 'standalone' }
}

/** Stand-in (SecantusDB): whether it serves in MongoDB's place, which its `buildInfo` says. */
export async function isStandIn({ db }: MongoConnection): Promise<boolean> {
  return 'secantusVersion' in (await db.command({ buildInfo: 1 }))
}

/** Why no server was chosen, from what the driver saw of each. */
function whyNone(connection: MongoConnection, error: MongoServerSelectionError): string {
  const { tls, replicaSet } = connection.client.options
  const servers = [...(error.reason?.servers.values() ?? [])]
  const elsewhere = servers.map(({ setName }) => setName).find((name) => name && name !== replicaSet)
  if (replicaSet && (servers.length === 0 || elsewhere))
    return `no server is of the set ${replicaSet}${elsewhere ? `, one is of ${elsewhere}` : ''}: see replicaSet in MONGODB_URI.`
  const failed = servers.find((server) => server.error)?.error
  const told = failed ?? error
  const plain = /^E(CONNREFUSED|TIMEDOUT|HOST|NET|AI_|NOTFOUND|NOENT)/.test(
    String(codeOf(told.cause) ?? told.code ?? ''),
  )
  const reason = messageOf(told)
  if (failed && !plain && tls) return `TLS was not agreed on: see tls and its files in MONGODB_URI (${reason}).`
  if (failed && !plain) return `${reason}. It may want TLS: then add tls=true to MONGODB_URI.`
  if (!failed && servers.some(({ type }) => type === 'RSSecondary')) return 'the set has no primary at the moment.'
  return `${reason}. See that it runs, and that MONGODB_URI names it.`
}

/** One write of each kind to a collection of ours, confirmed by the majority. */
async function tryWrites(connection: MongoConnection): Promise<string | null> {
  const claims = connection.db.collection<{ _id: string; owner: string; until: number }>(ledgerClaims)
  const _id = `ready/${process.pid}`
  const options = { maxTimeMS: patienceMs }
  const steps: readonly (readonly [Right, () => Promise<unknown>])[] = [
    ['insert', () => claims.insertOne({ _id, owner: 'ready', until: 0 }, options)],
    ['update', () => claims.updateOne({ _id }, { $set: { until: 1 } }, options)],
    ['find', () => claims.findOne({ _id }, options)],
    ['remove', () => claims.deleteOne({ _id }, options)],
  ]
  await claims.deleteOne({ _id }, options).catch(() => undefined) // of a start that was cut off
  for (const [right, step] of steps) {
    try {
      if ((await awaitWithin(step(), patienceMs)) === timedOut)
        return `no majority of the set confirmed a write within ${patienceMs / 1_000} s.`
    } catch (error) {
      if (failureOf(error) !== 'forbidden') throw error
      return `the user of MONGODB_URI may not ${right} on ${connection.db.databaseName}.${ledgerClaims}: see docs/security.md.`
    }
  }
  return null
}

export const ownCollections: readonly string[] = [tombstones, ledgerEntries, ledgerClaims, ledgerLogs]

/** What the gateway does with documents; on the collections of the types and on ours. */
const servingRights: readonly Right[] = ['find', 'insert', 'update', 'remove']

async function ask(connection: MongoConnection, entities: readonly Entity[]): Promise<string[]> {
  const { isWritablePrimary, setName, primary } = await hello(connection)
  if (isWritablePrimary !== true) {
    const where = primary ? `the primary is ${primary}` : 'no primary is known'
    const remedy = setName
      ? `name the set: replicaSet=${setName}, without directConnection`
      : 'name a server that takes writes'
    return [`this server is not the primary, ${where}. In MONGODB_URI ${remedy}.`]
  }
  const collections = [...entities.map(({ mongo }) => mongo), ...ownCollections]
  const missing = await missingRights(connection, collections, servingRights)
  if (missing.length > 0) return missing
  const refused = await tryWrites(connection)
  return refused === null ? [] : [refused]
}

/**
 * What keeps MongoDB from being the gateway's: each a line that names what is missing and what to do; empty where
 * nothing does. Never rejects.
 */
export async function mongoProblems(connection: MongoConnection, entities: readonly Entity[]): Promise<string[]> {
  try {
    return (await ask(connection, entities)).map((line) => `MongoDB: ${line}`)
  } catch (error) {
    if (error instanceof MongoServerSelectionError) return [`MongoDB: ${whyNone(connection, error)}`]
    if (failureOf(error) === 'forbidden' && error instanceof MongoServerError)
      return [`MongoDB: ${messageOf(error)}. See user, password and authSource in MONGODB_URI, and docs/security.md.`]
    return [`MongoDB: ${messageOf(error)}`]
  }
}
