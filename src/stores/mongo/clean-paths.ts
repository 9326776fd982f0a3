import type { Document } from 'mongodb'
import type { Entity, Leaf } from '../../entity/entity.ts'
import { onceFor } from '../../util/once-for.ts'
import { coercionOf, decoded, isConverted, isGuarded } from './codec/expression.ts'
import { mongoKind } from './codec/mongo-kinds.ts'
import type { MongoConnection } from './connection.ts'
import { Looks } from './looks.ts'

/** A value of another type that has a meaning all the same: a native condition compares it with nothing, or otherwise. */
export const coercedAt = (leaf: Leaf, path: string): Document | null => coercionOf(leaf)?.stored(path) ?? null

/** A value that is neither null nor one that stands where its decoded value sorts. */
function dirtyAt(leaf: Leaf, path: string): Document {
  const { types } = mongoKind(leaf.kind)
  const coerced = coercedAt(leaf, path)
  const conditions: Document[] = [
    { [path]: { $exists: true, $not: { $type: [...types, 'null'] } } },
    ...[path, ...leaf.parents].map((each) => ({ [each]: { $type: 'array' } })),
    ...(coerced ? [coerced] : []),
  ]
  if (isGuarded(leaf)) conditions.push({ [path]: { $type: types }, $expr: { $eq: [decoded(leaf), null] } })
  return { $or: conditions }
}

/** Fields that can be ordered by the stored value, with an index; a converter's never. */
const cleanPaths = onceFor((connection: MongoConnection) => new Looks(connection, dirtyAt))

/** Fields whose native conditions find everything; an index on the field serves the look. */
const plainPaths = onceFor((connection: MongoConnection) => new Looks(connection, coercedAt))

/** Whether a field can be ordered by what is stored. */
export const isClean = (connection: MongoConnection, entity: Entity, leaf: Leaf): boolean =>
  !isConverted(leaf) && cleanPaths(connection).isFree(entity, leaf)

/** Whether no value of another type that means something is stored at a path. */
export const isPlain = (connection: MongoConnection, entity: Entity, leaf: Leaf, path?: string): boolean =>
  plainPaths(connection).isFree(entity, leaf, path)

/** Looks now, where a test or a job can't wait for the background. */
export async function lookAt(connection: MongoConnection, entity: Entity, leaf: Leaf): Promise<void> {
  await Promise.all([cleanPaths(connection).look(entity, leaf), plainPaths(connection).look(entity, leaf)])
}
