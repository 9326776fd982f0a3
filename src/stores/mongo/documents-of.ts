import type {
  AggregateOptions,
  AnyBulkWriteOperation,
  Collection,
  CollectionOptions,
  Db,
  Document,
  Filter,
  FindOneAndDeleteOptions,
  FindOneAndUpdateOptions,
  FindOptions,
  UpdateFilter,
} from 'mongodb'
import type { Entity } from '../../entity/entity.ts'
import { leafAt } from '../../entity/leaf-at.ts'
import { onceFor } from '../../util/once-for.ts'
import { allOf } from './all-of.ts'
import type { StoredDocument } from './stored.ts'

type Documents = Collection<StoredDocument>
type Among = Filter<StoredDocument>
type Change = UpdateFilter<StoredDocument> | Document[]

/** The values that every document of the type holds, by path; none where all of its collection are of it. */
export const valuesOfType = onceFor(
  (entity: Entity): Document =>
    Object.fromEntries([...entity.fixed].map(([path, value]) => [leafAt(entity, path).mongo, value])),
)

/**
 * Matches the documents of a collection that are of the type; empty where all are. MongoDB compares with each element of
 * a list, be it the value or what holds it, so that a document with a list would be of several types: it is of none.
 */
export const ofType = onceFor((entity: Entity): Document => {
  const noList = { $not: { $type: 'array' } }
  const conditions = Object.entries(valuesOfType(entity)).flatMap(([path, value]) => {
    const keys = path.split('.')
    const parents = keys.slice(1).map((_, index) => keys.slice(0, index + 1).join('.'))
    return [...parents.map((parent) => [parent, noList]), [path, { $eq: value, ...noList }]]
  })
  return Object.fromEntries(conditions)
})

/** Methods that change, read or drop documents of other types with those of this one, and that nothing of ours uses. */
const unlimited = [
  'insertMany',
  'findOneAndReplace',
  'distinct',
  'count',
  'drop',
  'rename',
  'watch',
  'initializeOrderedBulkOp',
  'initializeUnorderedBulkOp',
] as const satisfies readonly (keyof Documents)[]

/** An operation on what is of the type alone. */
function limited(operation: AnyBulkWriteOperation<StoredDocument>, among: Document): typeof operation {
  if ('insertOne' in operation) return operation
  const named = Object.entries(operation).map(([name, { filter, ...rest }]) => {
    return [name, { ...rest, filter: allOf(among, filter) }]
  })
  return Object.fromEntries(named)
}

/**
 * The documents of a type as a collection of their own: where the collection holds those of other types as well, whatever
 * is asked or changed is limited to these. Its name, its indexes and the estimate of its size are those of the whole.
 */
export function documentsOf(db: Db, entity: Entity, options?: CollectionOptions): Documents {
  const all = db.collection<StoredDocument>(entity.mongo, options)
  if (entity.fixed.size === 0) return all
  const among = ofType(entity)
  const within = (filter: Among): Among => allOf(among, filter) as Among
  const refused = Object.fromEntries(
    unlimited.map((name) => [
      name,
      () => {
        throw new Error(`${name} is not limited to documents of ${entity.name}`)
      },
    ]),
  )
  const own: Partial<Documents> = {
    find: (filter: Among = {}, given?: FindOptions) => all.find(within(filter), given) as never,
    aggregate: (pipeline: Document[] = [], given?: AggregateOptions) =>
      all.aggregate([{ $match: among }, ...pipeline], given) as never,
    updateOne: (filter, change, given) => all.updateOne(within(filter), change, given),
    updateMany: (filter, change, given) => all.updateMany(within(filter), change, given),
    replaceOne: (filter, document, given) => all.replaceOne(within(filter), document, given),
    deleteOne: (filter = {}, given) => all.deleteOne(within(filter), given),
    deleteMany: (filter = {}, given) => all.deleteMany(within(filter), given),
    findOneAndUpdate: (filter: Among, change: Change, given?: FindOneAndUpdateOptions) =>
      all.findOneAndUpdate(within(filter), change, given ?? {}) as never,
    findOneAndDelete: (filter: Among, given?: FindOneAndDeleteOptions) =>
      all.findOneAndDelete(within(filter), given ?? {}) as never,
    bulkWrite: (operations, given) =>
      all.bulkWrite(
        operations.map((each) => limited(each, among)),
        given,
      ),
  }
  // Made anew, and asked by nobody else; its `findOne` and `countDocuments` ask by the methods above
  return Object.assign(db.collection<StoredDocument>(entity.mongo, options), refused, own)
}
