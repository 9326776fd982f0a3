import type { Entity, Leaf } from '../entity/entity.ts'
import { valuesOfType } from '../stores/mongo/documents-of.ts'
import { type MongoIndex, mongoIndexes, tellingKeys } from '../stores/mongo/indexes.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'

const isName = /^[A-Za-z_$][\w$]*$/

const inShell = (collection: string): string =>
  isName.test(collection) ? `db.${collection}` : `db.getCollection(${JSON.stringify(collection)})`

/** The statement of mongosh that makes a field unique there. */
function createIndex(entity: Entity, { mongo: path, unique }: Leaf): string {
  const key = isName.test(path) ? path : JSON.stringify(path)
  const many = unique!.nulls === 'many'
  // Of one type of several, whose values are unique among themselves; a filter cannot be sparse besides
  const filter = { ...valuesOfType(entity), ...(many ? { [path]: { $exists: true } } : {}) }
  const isShared = entity.fixed.size > 0
  const among = isShared ? `, partialFilterExpression: ${JSON.stringify(filter)}` : many ? ', sparse: true' : ''
  return `${inShell(entity.mongo)}.createIndex({ ${key}: 1 }, { unique: true${among} })`
}

const isOn = (entity: Entity, index: MongoIndex, leaf: Leaf): boolean => {
  const keys = tellingKeys(entity, index)
  return index.unique && keys.length === 1 && keys[0]![0] === leaf.mongo
}

/**
 * Promises of `unique()` that MongoDB does not keep, or keeps otherwise, a line each with what to do: while it has
 * authority it acknowledges what PostgreSQL must refuse.
 */
export async function unkeptPromises({ connection }: MongoStore, entity: Entity): Promise<string[]> {
  const indexes = await mongoIndexes(connection, entity)
  return [...entity.leaves.values()].flatMap((leaf) => {
    const name = `${entity.name}.${leaf.path}`
    const own = indexes.filter((index) => isOn(entity, index, leaf))
    if (!leaf.unique) {
      if (own.length === 0) return []
      const why = 'so that null is unset and records can exchange their values'
      return [`${name} is unique by MongoDB's index ${own[0]!.name}: say unique() in the mapping, ${why}.`]
    }
    if (own.length === 0) {
      const first =
        leaf.unique.nulls === 'many' ? '' : ` (where several lack a value, say unique({ nulls: 'many' }) first)`
      const remedy = `Run ${createIndex(entity, leaf)} in mongosh${first}, or drop unique() from the mapping`
      return [`${name} is unique in the mapping, but MongoDB has no such index and takes duplicates. ${remedy}.`]
    }
    if (own.every(({ spansTypes }) => spansTypes)) {
      const text = `${name}: MongoDB's index ${own[0]!.name} is over all types of ${entity.mongo}`
      const why =
        'a value of one is refused to the others there, and not by PostgreSQL, whose record could not be mirrored'
      return [`${text}: ${why}. Run ${createIndex(entity, leaf)} for each of them in its place.`]
    }
    const plain = own.find(({ sparse, filter }) => !sparse && filter === null)
    if (leaf.unique.nulls === 'many' && plain) {
      const remedy = `Make the index sparse, or say unique({ nulls: 'one' })`
      return [`${name}: MongoDB's index ${plain.name} lets one record lack a value, the mapping many. ${remedy}.`]
    }
    if (leaf.unique.nulls === 'one' && !plain) {
      const remedy = `Make it a plain one, or say unique({ nulls: 'many' })`
      return [`${name}: MongoDB's index ${own[0]!.name} lets many records lack a value, the mapping one. ${remedy}.`]
    }
    return []
  })
}
