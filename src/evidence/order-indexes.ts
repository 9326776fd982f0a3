import type { Entity } from '../entity/entity.ts'
import { leafAt } from '../entity/leaf-at.ts'
import { type AskedOrder, type Direction, totalOrder } from '../query/order.ts'
import { isConverted } from '../stores/mongo/codec/expression.ts'
import { valuesOfType } from '../stores/mongo/documents-of.ts'
import { type MongoIndex, mongoIndexes } from '../stores/mongo/indexes.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import { gives, isWhole, type StoredKey } from '../stores/mongo/order-indexes.ts'
import type { MissingIndex } from './index-parity.ts'
import { scopeKeys } from './scope-keys.ts'

const sign = (direction: Direction): 1 | -1 => (direction === 'asc' ? 1 : -1)

/** What the shell takes. */
const createIndex = (collection: string, keys: readonly StoredKey[]): string => {
  const shown = keys.map(([path, direction]) => `${JSON.stringify(path)}: ${direction}`).join(', ')
  return `db.getCollection(${JSON.stringify(collection)}).createIndex({ ${shown} })`
}

/** The indexes that MongoDB lacks to give one type's records in the orders of the contract: from the first stage on. */
export async function missingOrderIndexes(
  { connection }: MongoStore,
  entity: Entity,
  orders: readonly AskedOrder[],
): Promise<MissingIndex[]> {
  const present = (await mongoIndexes(connection, entity)).filter(isWhole)
  const scope = scopeKeys(entity)
  const proposed: { readonly keys: readonly StoredKey[] }[] = []
  return orders.flatMap(({ because, by, keys }): MissingIndex[] => {
    const leaves = keys.map(({ path }) => leafAt(entity, path))
    const told = { store: 'mongo', type: entity.name, because: `the contract's ${because}` } as const
    const converted = leaves.find(isConverted)
    if (converted) {
      const note = `No index of MongoDB gives the order of ${converted.path}, whose values are converted: each page reads all documents.`
      return [{ ...told, statement: null, note }]
    }
    const order = totalOrder(entity, keys).map(
      ({ path, direction }): StoredKey => [leafAt(entity, path).mongo, sign(direction)],
    )
    const parent = by === null ? null : leafAt(entity, by).mongo
    const needed = new Set([...Object.keys(valuesOfType(entity)), ...(parent === null ? [] : [parent])])
    // A scope's nulls are not among them: they are asked for by what values mean, which no index of MongoDB tells
    const ofScope = scope.fixed.map(({ mongo }) => mongo).filter((path) => !order.some(([key]) => key === path))
    const fixed = new Set([...Object.keys(valuesOfType(entity)), ...ofScope, ...needed])
    const wanted: readonly StoredKey[] = [...[...fixed].map((path): StoredKey => [path, 1]), ...order]
    const serves = (index: Pick<MongoIndex, 'keys'>, keys: readonly StoredKey[]): boolean =>
      begins(index, needed, fixed) && gives(index, keys, fixed)
    const isGiven = [...present, ...proposed].some((index) => serves(index, order))
    if (wanted[0]![0] === '_id' || isGiven) return []
    const statement = createIndex(entity.mongo, wanted)
    const near = present.find((index) => serves(index, order.slice(0, -1)))
    // A page by it costs two queries, which is no reason to build another
    if (!near) proposed.push({ keys: wanted })
    return near
      ? [{ ...told, statement: null, note: `${near.name} gives it in two steps, this one in one: ${statement}` }]
      : [{ ...told, statement, note: '' }]
  })
}

/** Whether an index finds the children of a parent, or the documents of a type: by its first keys, which have one value each. */
function begins({ keys }: Pick<MongoIndex, 'keys'>, needed: ReadonlySet<string>, fixed: ReadonlySet<string>): boolean {
  const paths = keys.map(([path]) => path)
  const first = paths.findIndex((path) => !fixed.has(path))
  const leading = first < 0 ? paths : paths.slice(0, first)
  return [...needed].every((path) => leading.includes(path))
}
