import type { Document } from 'mongodb'
import { keyValue } from '../../entity/canonical-value.ts'
import type { Entity } from '../../entity/entity.ts'
import { leafAt } from '../../entity/leaf-at.ts'
import type { Item, QueryPer } from '../store.ts'
import { allOf } from './all-of.ts'
import { isPlain } from './clean-paths.ts'
import { decodeLeaf } from './codec/decode.ts'
import { decoded, isConverted } from './codec/expression.ts'
import type { MongoConnection } from './connection.ts'
import { toItem } from './item.ts'
import { projectionOf } from './projection.ts'
import { readDocuments } from './read-documents.ts'
import { sorting } from './sorting.ts'
import type { Visibility } from './visibility.ts'
import { visible } from './visible.ts'

interface Reading {
  readonly connection: MongoConnection
  readonly visibility: Visibility
  readonly signal: AbortSignal | undefined
}

/** One query for all keys, numbered in the store: as many documents of each key as are asked for. */
async function windows(
  { connection, visibility, signal }: Reading,
  entity: Entity,
  per: QueryPer,
  match: Document,
  key: unknown,
): Promise<Document[]> {
  const { offset = 0 } = per
  const { computed, sort } = sorting(connection, entity, per.order)
  // A running count and not $documentNumber, which takes an order of one key alone
  const number = { $sum: 1, window: { documents: ['unbounded', 'current'] } }
  const tail: Document[] = [
    ...(Object.keys(computed).length === 0 ? [] : [{ $set: computed }]),
    { $setWindowFields: { partitionBy: key, sortBy: sort, output: { _cf_number: number } } },
    { $match: { _cf_number: { $gt: offset, $lte: offset + per.limit } } },
    { $project: { ...projectionOf(per.fields), _cf_key: key, _cf_number: 1 } },
  ]
  const collection = connection.reads(entity)
  const read = (visibly: Document) =>
    readDocuments(
      (more) =>
        collection.aggregate([{ $match: visibly }, ...tail], { maxTimeMS: connection.maxTimeMs, signal, ...more }),
      { signal, of: per.fields },
    )
  // Nobody sees whether a document that is not part of the API is among those that are left out
  const documents = await (offset > 0 ? read(allOf(match, visible(entity))) : visibility.read(entity, match, read))
  // Documents come in no promised order; the store has numbered them
  return documents.sort((a, b) => a['_cf_number'] - b['_cf_number'])
}

/**
 * The documents of keys that should be unique, lowest id first, without a window: nearly always each has one. Null
 * where there are so many duplicates that they are better left in the store.
 */
async function firsts(
  { connection, visibility, signal }: Reading,
  entity: Entity,
  { fields, values }: QueryPer,
  match: Document,
  path: string,
): Promise<Document[] | null> {
  const limit = 2 * values.length
  const projection = { ...projectionOf(fields), _cf_key: `$${path}` }
  const documents = await visibility.read(entity, match, (visibly) =>
    readDocuments(
      (more) =>
        connection
          .reads(entity)
          .find(visibly, { maxTimeMS: connection.maxTimeMs, signal, projection, sort: { _id: 1 }, limit, ...more }),
      { signal, of: fields },
    ),
  )
  return documents.length < limit ? documents : null
}

/** A query asked once for each of several keys, in one go; `match` selects the documents of all of them. */
export async function perKey(
  reading: Reading,
  entity: Entity,
  per: QueryPer,
  match: Document,
): Promise<ReadonlyMap<unknown, readonly Item[]>> {
  const { path, order, limit, offset = 0, fields } = per
  const leaf = leafAt(entity, path)
  const plain = !isConverted(leaf) && isPlain(reading.connection, entity, leaf)
  const single =
    limit === 1 &&
    offset === 0 &&
    leaf.unique !== null &&
    plain &&
    order[0]!.path === 'id' &&
    order[0]!.direction === 'asc'
  // What the filter lets through decodes as it is stored, unless a converter stands between
  const documents =
    (single ? await firsts(reading, entity, per, match, leaf.mongo) : null) ??
    (await windows(reading, entity, per, match, plain ? `$${leaf.mongo}` : decoded(leaf)))
  const groups = new Map<unknown, Item[]>()
  for (const document of documents) {
    const key = keyValue(leaf, decodeLeaf(leaf, document['_cf_key'], null))
    const [item] = toItem(entity, fields, document)
    if (!item) continue
    const group = groups.get(key)
    if (!group) groups.set(key, [item])
    else if (group.length < limit) group.push(item)
  }
  return groups
}
