import type { Document } from 'mongodb'
import type { Entity, Leaf } from '../../entity/entity.ts'
import { leafAt } from '../../entity/leaf-at.ts'
import type { OrderKey } from '../../query/order.ts'
import { onceFor } from '../../util/once-for.ts'
import { coercionOf, decoded, isConverted, isGuarded } from './codec/expression.ts'
import { mongoKind } from './codec/mongo-kinds.ts'
import type { MongoConnection } from './connection.ts'
import { Looks, type Tell } from './looks.ts'
import { mayHoldArrays, orderIndexes } from './order-indexes.ts'

/** A value of another type that has a meaning all the same: a native condition compares it with nothing, or otherwise. */
export const coercedAt = (leaf: Leaf, path: string): Document | null => coercionOf(leaf)?.stored(path) ?? null

/** A value that is neither null nor one that stands where its decoded value sorts. */
export function dirtyAt(leaf: Leaf, path: string): Document {
  const { types } = mongoKind(leaf)
  const coerced = coercedAt(leaf, path)
  const conditions: Document[] = [
    { [path]: { $exists: true, $not: { $type: [...types, 'null'] } } },
    ...[path, ...leaf.parents].map((each) => ({ [each]: { $type: 'array' } })),
    ...(coerced ? [coerced] : []),
  ]
  if (isGuarded(leaf)) conditions.push({ [path]: { $type: types }, $expr: { $eq: [decoded(leaf), null] } })
  return { $or: conditions }
}

/** Types that share a place in the order of BSON: bounds of an index cannot tell them apart. */
const numbers = ['double', 'int', 'long', 'decimal']
const places: readonly (readonly string[])[] = [
  numbers,
  ['string', 'symbol'],
  ['object'],
  ['binData'],
  ['undefined'],
  ['objectId'],
  ['bool'],
  ['date'],
  ['regex'],
  ['dbPointer'],
  ['javascript'],
  ['javascriptWithScope'],
  ['timestamp'],
  ['minKey'],
  ['maxKey'],
]

/** The types that stand elsewhere than a kind's own. */
const elsewhere = (types: readonly string[]): string[] =>
  places.filter((place) => !place.some((type) => types.includes(type))).flat()

/**
 * Whether values of another kind are stored, by an index that begins with the path: each type has its place in it, so
 * that a few seeks tell. What shares a place, or is of the right type and dirty all the same, they do not.
 * Source: MongoDB's `src/mongo/db/query/index_bounds_builder.cpp`, which bounds `$type` by the types' extremes, but for
 * arrays, which have no place of their own.
 */
const endsOf =
  (connection: MongoConnection) =>
  async (entity: Entity, leaf: Leaf, path: string): Promise<boolean | null> => {
    const index = (await orderIndexes(connection, entity)).find(({ keys }) => keys[0]![0] === path)
    if (!index) return null
    const { types } = mongoKind(leaf)
    const { maxTimeMs: maxTimeMS } = connection
    const options = { projection: { _id: 1 }, hint: index.name, maxTimeMS } as const
    const found = await connection.collection(entity).findOne({ [path]: { $type: elsewhere(types) } }, options)
    if (found) return true
    const alone = places.some((place) => place.length === 1 && place[0] === types[0])
    return alone && !isGuarded(leaf) && !(await mayHoldArrays(connection, entity, index.name)) ? false : null
  }

/** Fields that can be ordered by the stored value, with an index; a converter's never. */
export const cleanPaths = onceFor(
  (connection: MongoConnection) =>
    new Looks(connection, {
      name: 'clean',
      without: 'orders by it compute each value, which reads all documents',
      filter: dirtyAt,
      ends: endsOf(connection),
    }),
)

/** Fields whose native conditions find everything; an index on the field serves the look. */
export const plainPaths = onceFor(
  (connection: MongoConnection) =>
    new Looks(connection, {
      name: 'plain',
      without: 'filters by it compute each value that they find',
      filter: coercedAt,
      ends: async () => null,
    }),
)

/** What one connection has found counts for those that share it. */
const lookedBy = (connection: MongoConnection): MongoConnection => connection.shares ?? connection

/** Whether a field can be ordered by what is stored. */
export const isClean = (connection: MongoConnection, entity: Entity, leaf: Leaf): boolean =>
  leaf.path === 'id' || (!isConverted(leaf) && cleanPaths(lookedBy(connection)).isFree(entity, leaf))

/** Whether no value of another type that means something is stored at a path. */
export const isPlain = (connection: MongoConnection, entity: Entity, leaf: Leaf, path?: string): boolean =>
  plainPaths(lookedBy(connection)).isFree(entity, leaf, path)

/** Looks now, where a test or a job can't wait for the background. */
export async function lookAt(connection: MongoConnection, entity: Entity, leaf: Leaf): Promise<void> {
  const by = lookedBy(connection)
  await Promise.all([cleanPaths(by).look(entity, leaf), plainPaths(by).look(entity, leaf)])
}

/** Waits for the looks that are under way. False where none was. */
export async function looksSettled(connection: MongoConnection): Promise<boolean> {
  const by = lookedBy(connection)
  const settled = await Promise.all([cleanPaths(by).settled(), plainPaths(by).settled()])
  return settled.includes(true)
}

/** Begins to look at fields that will be ordered by, before the first query asks; says from then on where it cannot. */
export function startLooks(
  connection: MongoConnection,
  orders: ReadonlyMap<Entity, readonly OrderKey[]>,
  tell: Tell,
): void {
  for (const looks of [cleanPaths(connection), plainPaths(connection)]) looks.tell = tell
  for (const [entity, keys] of orders) for (const { path } of keys) isClean(connection, entity, leafAt(entity, path))
}
