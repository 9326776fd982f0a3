import type { Entity } from '../../entity/entity.ts'
import type { MongoConnection } from './connection.ts'

/** An index of a collection. A key is 1 or -1, or names a special index: `text`, `2dsphere`, `hashed`. */
export interface MongoIndex {
  readonly name: string
  readonly keys: readonly (readonly [path: string, key: number | string])[]
  readonly unique: boolean
  /** It leaves documents out: sparse, or with a filter of its own. */
  readonly partial: boolean
}

/** The indexes of an entity's collection, but for those of Crossfade and of the id; none where there is no collection. */
export async function mongoIndexes({ db }: MongoConnection, entity: Entity): Promise<MongoIndex[]> {
  const found = await db.listCollections({ name: entity.mongo }, { nameOnly: true }).toArray()
  if (found.length === 0) return []
  const indexes = await db.collection(entity.mongo).indexes()
  return indexes.flatMap(({ name, key, unique, sparse, partialFilterExpression }) => {
    const keys = Object.entries(key) as [string, number | string][]
    if (keys.length === 1 && keys[0]![0] === '_id') return []
    if (keys.some(([path]) => path.startsWith('_cf'))) return []
    return [{ name: name!, keys, unique: unique === true, partial: sparse === true || partialFilterExpression != null }]
  })
}
