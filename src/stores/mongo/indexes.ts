import type { Document } from 'mongodb'
import type { Entity } from '../../entity/entity.ts'
import { isPlainObject } from '../../util/json.ts'
import type { MongoConnection } from './connection.ts'
import { valuesOfType } from './documents-of.ts'

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
  /** It holds documents of other types of the collection beside those of this one, by keys that do not tell them apart. */
  readonly spansTypes: boolean
}

/** The keys of an index that tell records of the type apart: others have one value in all of them. */
export const tellingKeys = (entity: Entity, { keys }: Pick<MongoIndex, 'keys'>): MongoIndex['keys'] =>
  keys.filter(([path]) => !Object.hasOwn(valuesOfType(entity), path))

/** As the server tells them; none where there is no collection. */
async function told({ db }: MongoConnection, { mongo }: Entity) {
  const found = await db.listCollections({ name: mongo }, { nameOnly: true }).toArray()
  return found.length === 0 ? [] : db.collection(mongo).indexes()
}

/** Names of the indexes that gateways look for bookkeeping by. */
export async function ourIndexes(connection: MongoConnection, entity: Entity): Promise<string[]> {
  const found = await told(connection, entity)
  return found.flatMap(({ key, name }) => (Object.keys(key).every((path) => path.startsWith('_cf.')) ? name! : []))
}

/**
 * What an index leaves out of the type's documents, in a collection of several types: nothing, where its filter asks for
 * what tells the type; undefined where it asks for another type, and holds none of them.
 */
function filterWithin(entity: Entity, filter: Document | null): Document | null | undefined {
  if (filter === null) return null
  const own = valuesOfType(entity)
  const rest: Document = {}
  for (const [path, asked] of Object.entries(filter)) {
    const value = isPlainObject(asked) && '$eq' in asked ? asked['$eq'] : asked
    if (!Object.hasOwn(own, path) || typeof value === 'object') rest[path] = asked
    else if (value !== own[path]) return undefined
  }
  return Object.keys(rest).length > 0 ? rest : null
}

/** Whether an index of a collection of several types holds those of others by the same keys. */
function spansTypes(entity: Entity, keys: MongoIndex['keys'], filter: Document | null): boolean {
  const own = Object.keys(valuesOfType(entity))
  return own.length > 0 && !own.some((path) => keys.some(([key]) => key === path) || Object.hasOwn(filter ?? {}, path))
}

/**
 * The indexes of an entity's collection that hold its documents, but for those of Crossfade and of the id; none where there
 * is no collection.
 */
export async function mongoIndexes(connection: MongoConnection, entity: Entity): Promise<MongoIndex[]> {
  const indexes = await told(connection, entity)
  return indexes.flatMap(({ name, key, ...rest }) => {
    const keys = Object.entries<number | string>(key)
    if (keys.length === 1 && keys[0]![0] === '_id') return []
    if (keys.some(([path]) => path.startsWith('_cf'))) return []
    const collation: Document | undefined = rest.collation
    const given: Document | null = rest.partialFilterExpression ?? null
    const filter = filterWithin(entity, given)
    if (filter === undefined) return []
    return [
      {
        name: name!,
        keys,
        unique: rest.unique === true,
        sparse: rest.sparse === true,
        filter,
        collation: collation && collation['locale'] !== 'simple' ? collation : null,
        expireAfterSeconds: rest.expireAfterSeconds ?? null,
        hidden: rest.hidden === true,
        spansTypes: spansTypes(entity, keys, given),
      },
    ]
  })
}
