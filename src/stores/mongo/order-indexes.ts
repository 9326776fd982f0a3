import type { Document } from 'mongodb'
import type { Entity } from '../../entity/entity.ts'
import { onceFor } from '../../util/once-for.ts'
import type { MongoConnection } from './connection.ts'
import { type MongoIndex, mongoIndexes } from './indexes.ts'

/** For how long a collection's indexes are taken for known, in milliseconds. */
const holds = 60_000

interface Known {
  /** When they are looked up again, by the monotonic clock. */
  until: number
  indexes: Promise<readonly MongoIndex[]>
}

const known = onceFor((_connection: MongoConnection) => new WeakMap<Entity, Known>())

/** Whether an index holds every document, once, in the order of BSON. */
export const isWhole = ({ keys, sparse, filter, collation, hidden }: MongoIndex): boolean =>
  !sparse &&
  filter === null &&
  collation === null &&
  !hidden &&
  keys.every(([path, key]) => typeof key === 'number' && !path.includes('$**'))

/**
 * The indexes that can give an order, looked up now and then: they change rarely, and a missing one costs time alone.
 * Nobody waits for a later look; one that fails is made again.
 */
export function orderIndexes(connection: MongoConnection, entity: Entity): Promise<readonly MongoIndex[]> {
  const entries = known(connection)
  const now = performance.now()
  const last = entries.get(entity)
  if (last && last.until > now) return last.indexes
  const found = mongoIndexes(connection, entity).then((all) => all.filter(isWhole))
  if (!last) {
    entries.set(entity, { until: now + holds, indexes: found })
    found.catch(() => entries.delete(entity))
    return found
  }
  last.until = now + holds
  found.then(
    () => {
      last.indexes = found
    },
    () => {
      last.until = 0
    },
  )
  return last.indexes
}

/** A key of an order as it is stored: 1 or -1. */
export type StoredKey = readonly [path: string, direction: 1 | -1]

/**
 * Whether an index gives documents in the order of the keys, read forwards or backwards, where the paths of `fixed` have
 * one value each.
 */
export function gives(
  { keys }: Pick<MongoIndex, 'keys'>,
  order: readonly StoredKey[],
  fixed: ReadonlySet<string>,
): boolean {
  const start = keys.findIndex(([path]) => !fixed.has(path))
  const rest = keys.slice(start < 0 ? keys.length : start)
  const turn = order.length > 0 && rest.length > 0 && rest[0]![1] === order[0]![1] ? 1 : -1
  return order.every(([path, direction], at) => rest[at]?.[0] === path && rest[at][1] === turn * direction)
}

/** All that the plan of a query says of one index, wherever it stands in it. */
function* scansOf(plan: unknown, name: string): Generator<Document> {
  if (typeof plan !== 'object' || plan === null) return
  if ('indexName' in plan && plan.indexName === name) yield plan
  for (const inner of Object.values(plan)) yield* scansOf(inner, name)
}

/** Whether an index may hold an array of any document; planned, not run. True where the plan does not say. */
export async function mayHoldArrays(connection: MongoConnection, entity: Entity, name: string): Promise<boolean> {
  const { maxTimeMs: maxTimeMS } = connection
  const options = { hint: name, maxTimeMS, readConcern: { level: 'local' } } as const // a plan is of no time
  const plan = await connection.collection(entity).find({}, options).explain('queryPlanner')
  const scans = [...scansOf(plan, name)]
  return scans.length === 0 || scans.some((scan) => scan['isMultiKey'] !== false)
}
