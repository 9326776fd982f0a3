import { liveInstances } from '../control/instances.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import { type Deployment, deploymentOf, isStandIn } from '../stores/mongo/server-check.ts'
import { type Capacity, capacityOf } from '../stores/postgres/capacity.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'

/** What was found of the connections to the stores; a problem is to be mended. */
export interface ConnectionNote {
  readonly store: 'MongoDB' | 'PostgreSQL'
  readonly problem: boolean
  readonly text: string
}

interface Stores {
  readonly mongo: MongoStore
  readonly postgres: PostgresStore
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0)

const connectionsOf = <C>(
  store: Record<'candidate' | 'control', { readonly connection: C }> & Record<'connection' | 'writes' | 'puts', C>,
) => [store.connection, store.candidate.connection, store.control.connection, store.writes, store.puts]

/** What one gateway opens at most: for clients and their writes, candidate reads, the control plane, and the mirror. */
const poolSizes = ({ mongo, postgres }: Stores) => ({
  mongo: sum(connectionsOf(mongo).map(({ client }) => client.options.maxPoolSize!)),
  postgres: sum(connectionsOf(postgres).map(({ pool }) => pool.options.max!)),
})

export function roomNote(gateways: number, each: number, { connections, limitedBy }: Capacity): ConnectionNote {
  const needed = gateways * each
  const want = `${gateways} ${gateways === 1 ? 'gateway needs' : 'gateways need'} up to ${needed} connections (${each} each)`
  const room = `there is room for ${connections} (${limitedBy})`
  const problem = needed > connections
  const remedy = problem ? ': raise it, or run fewer gateways' : ''
  return { store: 'PostgreSQL', problem, text: `${want}; ${room}${remedy}.` }
}

export function poolerNote({ pooling }: Capacity, each: number): ConnectionNote | null {
  if (pooling === 'none') return null
  const text =
    'a pooler in session mode is in front of it. Its own limits cannot be seen from here: ' +
    `give this user or database default_pool_size of ${each} a gateway at least. ` +
    'In transaction or statement mode session settings, prepared statements and timeouts would be lost, and it is refused.'
  return { store: 'PostgreSQL', problem: false, text }
}

export function commitNote({ standbys }: Capacity): ConnectionNote {
  const text =
    standbys === null
      ? 'no synchronous_standby_names: a commit is on this server’s disk when it is acknowledged. A standby that is promoted after a crash may lack the last ones.'
      : `commits wait for standbys (synchronous_standby_names = ${standbys}): one of them that is promoted lacks nothing that was acknowledged.`
  return { store: 'PostgreSQL', problem: false, text }
}

const deployments: Readonly<Record<Deployment['kind'], string>> = {
  set: 'writes are acknowledged once a majority has them on disk.',
  sharded: 'a sharded cluster: unique keys hold for the whole collection only where they contain the shard key.',
  standalone:
    'one server by itself: without transactions and an oplog a delete takes several steps, and writers that bypass the gateway are not seen. Make it a replica set of one.',
}

export function deploymentNote(deployment: Deployment, each: number): ConnectionNote {
  const kind = deployment.kind === 'set' ? `the replica set ${deployment.name} of ${deployment.members}: ` : ''
  return {
    store: 'MongoDB',
    problem: false,
    text: `${kind}${deployments[deployment.kind]} A gateway opens up to ${each} connections.`,
  }
}

/** Stand-in (SecantusDB): its plans are its own. */
const standInNote: ConnectionNote = {
  store: 'MongoDB',
  problem: false,
  text: 'this is SecantusDB, a stand-in: it explains in its own way, and often without the index that it uses. Do not trust what is said below of operations in mongo, nor that an index serves them there.',
}

/** What `doctor` says of the connection to MongoDB: what an acknowledged write is worth. */
export async function mongoNotes(stores: Stores): Promise<readonly ConnectionNote[]> {
  const { connection } = stores.mongo
  const [deployment, stoodIn] = await Promise.all([deploymentOf(connection), isStandIn(connection)])
  return [deploymentNote(deployment, poolSizes(stores).mongo), ...(stoodIn ? [standInNote] : [])]
}

/**
 * And of those to PostgreSQL: what stands between, whether there is room for all gateways that were seen lately, and
 * what a commit is worth.
 */
export async function postgresNotes(stores: Stores): Promise<readonly ConnectionNote[]> {
  const each = poolSizes(stores).postgres
  const [capacity, instances] = await Promise.all([
    capacityOf(stores.postgres.connection),
    liveInstances(stores.postgres.ledger),
  ])
  const pooler = poolerNote(capacity, each)
  return [...(pooler ? [pooler] : []), roomNote(Math.max(1, instances.length), each, capacity), commitNote(capacity)]
}
