import type { Document } from 'mongodb'
import { Refused } from '../../codec/refused.ts'
import type { Entity, Id } from '../../entity/entity.ts'
import type { FieldSet } from '../../entity/field-set.ts'
import { leafAt, type OrderKey, type Where } from '../query.ts'
import type { Item, Query, QueryPer, Reader } from '../store.ts'
import { aggregate } from './aggregate.ts'
import { allOf } from './all-of.ts'
import { isDeleted, isPending, versionOf } from './bookkeeping.ts'
import { CleanPaths } from './clean-paths.ts'
import { decodeId, decodeRecord } from './codec/decode.ts'
import { encodeId } from './codec/encode.ts'
import { decoded, isConverted } from './codec/expression.ts'
import { mongoKind } from './codec/mongo-kinds.ts'
import type { MongoConnection } from './connection.ts'
import { projectionOf } from './projection.ts'
import { scan } from './scan.ts'
import { Visibility } from './visibility.ts'
import { visible } from './visible.ts'
import { translate } from './where.ts'

/** The sort document, and the decoded order keys that must be computed first: dirty values sort as the null they are. */
function sorting(
  clean: CleanPaths,
  entity: Entity,
  order: readonly OrderKey[],
): { computed: Document; sort: Document } {
  const computed: Document = {}
  const sort: Document = {}
  order.forEach(({ path, direction }, index) => {
    const leaf = leafAt(entity, path)
    const stored = path === 'id' || clean.isClean(entity, leaf)
    const key = stored ? leaf.mongo : `_cf_order${index}`
    if (!stored) computed[key] = decoded(leaf)
    sort[key] = direction === 'asc' ? 1 : -1
  })
  return { computed, sort }
}

/** Null has no records of its own, as in SQL. */
const asked = (values: readonly unknown[]): unknown[] => values.filter((value) => value !== null)

const isEmpty = (document: Document): boolean => Object.keys(document).length === 0

/** Ids are those of the mapping: others are quarantined by jobs and not part of the API. */
function toItem(entity: Entity, fields: FieldSet, document: Document): Item[] {
  const id = decodeId(entity, document['_id'])
  if (id instanceof Refused) return []
  return [
    { version: versionOf(document), pending: isPending(document), record: decodeRecord(id, fields.nodes, document) },
  ]
}

export function mongoReader(connection: MongoConnection): Reader {
  const options = { maxTimeMS: connection.maxTimeMs }
  const clean = new CleanPaths(connection)
  const visibility = new Visibility()

  async function query(entity: Entity, { where, order, limit, fields }: Query): Promise<readonly Item[]> {
    const { computed, sort } = sorting(clean, entity, order)
    const collection = connection.collection(entity)
    const projection = projectionOf(fields)
    const tail = [{ $set: computed }, { $sort: sort }, { $limit: limit }, { $project: projection }]
    const documents = await visibility.read(entity, translate(entity, where), (match) =>
      isEmpty(computed)
        ? collection.find(match, { ...options, projection, sort, limit }).toArray()
        : collection.aggregate([{ $match: match }, ...tail], options).toArray(),
    )
    return documents.flatMap((document) => toItem(entity, fields, document))
  }

  async function queryPer(entity: Entity, per: QueryPer): Promise<ReadonlyMap<unknown, readonly Item[]>> {
    const { path, where, order, limit, fields } = per
    const values = asked(per.values)
    const among: Where = { op: 'in', path, values }
    if (values.length === 1) {
      const items = await query(entity, { where: { op: 'and', of: [among, where] }, order, limit, fields })
      return new Map(items.length > 0 ? [[values[0], items]] : [])
    }
    const { computed, sort } = sorting(clean, entity, order)
    const leaf = leafAt(entity, path)
    // What the filter lets through decodes as it is stored, unless a converter stands between
    const key = isConverted(leaf) ? decoded(leaf) : `$${leaf.mongo}`
    const tail: Document[] = [
      ...(isEmpty(computed) ? [] : [{ $set: computed }]),
      { $setWindowFields: { partitionBy: key, sortBy: sort, output: { _cf_number: { $documentNumber: {} } } } },
      { $match: { _cf_number: { $lte: limit } } },
      { $project: { ...projectionOf(fields), _cf_key: key, _cf_number: 1 } },
    ]
    const documents = await visibility.read(
      entity,
      allOf(translate(entity, among), translate(entity, where)),
      (match) =>
        connection
          .collection(entity)
          .aggregate([{ $match: match }, ...tail], options)
          .toArray(),
    )
    const groups = new Map<unknown, Item[]>()
    const { decode } = mongoKind(leaf.kind)
    for (const document of documents) {
      const key = decode(document['_cf_key'])
      const [item] = toItem(entity, fields, document)
      if (!item) continue
      let group = groups.get(key)
      if (!group) groups.set(key, (group = []))
      // Documents come in no promised order; the store has numbered them
      group[(document['_cf_number'] as number) - 1] = item
    }
    return groups
  }

  return {
    query,
    queryPer,
    aggregate: (entity, asked) => aggregate(connection, entity, asked),
    scan: (entity, range) => scan(connection, entity, range),

    async byIds(entity, ids, fields) {
      const keys = ids.map((id) => encodeId(entity, id))
      // The plainest filter there is: marked documents are told by the bookkeeping that is read anyway
      const match: Document = keys.length === 1 ? { _id: keys[0] } : { _id: { $in: keys } }
      const documents = await connection
        .collection(entity)
        .find(match, { ...options, projection: projectionOf(fields) })
        .toArray()
      const items = documents.flatMap((document) => (isDeleted(document) ? [] : toItem(entity, fields, document)))
      return new Map<Id, Item>(items.map((item) => [item.record.id, item]))
    },

    async count(entity, where) {
      const match = allOf(translate(entity, where), visible(entity))
      return connection.collection(entity).countDocuments(match, options)
    },

    async countPer(entity, path, values, where) {
      const leaf = leafAt(entity, path)
      const among = allOf(
        translate(entity, { op: 'in', path, values: asked(values) }),
        translate(entity, where),
        visible(entity),
      )
      const groups = await connection
        .collection(entity)
        .aggregate([{ $match: among }, { $group: { _id: decoded(leaf), n: { $sum: 1 } } }], options)
        .toArray()
      const { decode } = mongoKind(leaf.kind)
      return new Map(groups.map((group) => [decode(group['_id']), group['n'] as number]))
    },
  }
}
