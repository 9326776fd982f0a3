import type { Document } from 'mongodb'
import type { Entity } from '../../entity/entity.ts'
import type { MongoConnection } from './connection.ts'

/** An index of a collection. A key is 1 or -1, or names a special index: `text`, `2dsphere`, `hashed`. */
export interface MongoIndex {
  readonly name: string
  readonly keys: readonly (readonly [path: string, key: number | string])[]
  readonly unique: boolean
  /** It leaves out documents that have none of its paths. */
  readonly sparse: boolean
  /** It leaves out documents that do not match. */
  readonly filter: Document | null
  /** Other than the simple one, which compares bytes. */
  readonly collation: Document | null
  /** A document is deleted so many seconds after the date in it. */
  readonly expireAfterSeconds: number | null
  /** No query uses it. */
  readonly hidden: boolean
}

/** The indexes of an entity's collection, but for those of Crossfade and of the id; none where there is no collection. */
export async function mongoIndexes({ db }: MongoConnection, entity: Entity): Promise<MongoIndex[]> {
  const found = await db.listCollections({ name: entity.mongo }, { nameOnly: true }).toArray()
  if (found.length === 0) return []
  const indexes = await db.collection(entity.mongo).indexes()
  return indexes.flatMap(({ name, key, ...told }) => {
    const keys = Object.entries<number | string>(key)
    if (keys.length === 1 && keys[0]![0] === '_id') return []
    if (keys.some(([path]) => path.startsWith('_cf'))) return []
    const collation: Document | undefined = told.collation
    return [
      {
        name: name!,
        keys,
        unique: told.unique === true,
        sparse: told.sparse === true,
        filter: told.partialFilterExpression ?? null,
        collation: collation && collation['locale'] !== 'simple' ? collation : null,
        expireAfterSeconds: told.expireAfterSeconds ?? null,
        hidden: told.hidden === true,
      },
    ]
  })
}
