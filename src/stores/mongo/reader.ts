import type { Document } from 'mongodb'
import { Refused } from '../../codec/refused.ts'
import { keyValue } from '../../entity/canonical-value.ts'
import type { Entity, Id } from '../../entity/entity.ts'
import { leafAt } from '../../entity/leaf-at.ts'
import { everything, type Where } from '../../query/where.ts'
import type { Item, Query, QueryPer, Reader } from '../store.ts'
import { aggregate } from './aggregate.ts'
import { allOf } from './all-of.ts'
import { isHidden } from './bookkeeping.ts'
import { decodeId } from './codec/decode.ts'
import { encodeId } from './codec/encode.ts'
import { decoded } from './codec/expression.ts'
import { mongoKind } from './codec/mongo-kinds.ts'
import type { MongoConnection } from './connection.ts'
import { toItem } from './item.ts'
import type { Members } from './members.ts'
import { type Find, orderedPage, servedBy, whole } from './ordered-page.ts'
import { perKey } from './per-key.ts'
import { projectionOf } from './projection.ts'
import { readDocuments } from './read-documents.ts'
import { scan, within } from './scan.ts'
import { sorting, sortOf } from './sorting.ts'
import { stream } from './stream.ts'
import { Visibility } from './visibility.ts'
import { hasRecord, idRange, visible } from './visible.ts'
import { translate } from './where.ts'

/** Null has no records of its own, as in SQL. */
const asked = (values: readonly unknown[]): unknown[] => values.filter((value) => value !== null)

export function mongoReader(connection: MongoConnection): Reader {
  const options = (signal: AbortSignal | undefined) => ({ maxTimeMS: connection.maxTimeMs, signal })
  const visibility = new Visibility()
  const reading = { connection, visibility }

  async function query(entity: Entity, asked: Query, signal?: AbortSignal): Promise<readonly Item[]> {
    const { order, offset = 0, limit, fields } = asked
    const collection = connection.reads(entity)
    const projection = projectionOf(fields)
    const served = await servedBy(connection, entity, asked)
    const find: Find = (match, { order: by, offset: skip, limit: most, keys }) => {
      const wanted = keys ? Object.fromEntries(keys.map((path) => [path, 1])) : projection
      const behind = skip > 0 ? { skip } : {}
      const given = { ...options(signal), projection: wanted, sort: sortOf(entity, by), ...behind, limit: most }
      return readDocuments((more) => collection.find(match, { ...given, ...more }), { signal, of: fields })
    }
    const where = served ? asked.where : whole(asked)
    const read = (match: Document): Promise<Document[]> => {
      if (served) return orderedPage(connection, entity, asked, served, match, find)
      const { computed, sort } = sorting(connection, entity, order)
      if (Object.keys(computed).length === 0) return find(match, { order, offset, limit })
      const page = [...(offset > 0 ? [{ $skip: offset }] : []), { $limit: limit }]
      const tail = [{ $set: computed }, { $sort: sort }, ...page, { $project: projection }]
      return readDocuments(
        (more) => collection.aggregate([{ $match: match }, ...tail], { ...options(signal), ...more }),
        { signal, of: fields },
      )
    }
    const match = translate(connection, entity, where)
    // Nobody sees whether a document that is not part of the API is among those that are left out
    const documents = await (offset > 0 ? read(allOf(match, visible(entity))) : visibility.read(entity, match, read))
    return documents.flatMap((document) => toItem(entity, fields, document))
  }

  async function queryPer(
    entity: Entity,
    per: QueryPer,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<unknown, readonly Item[]>> {
    const { path, where } = per
    const values = asked(per.values)
    const among: Where = { op: 'in', path, values }
    if (values.length === 1) {
      const items = await query(entity, { ...per, where: { op: 'and', of: [among, where] } }, signal)
      return new Map(items.length > 0 ? [[keyValue(leafAt(entity, path), values[0]), items]] : [])
    }
    const match = allOf(translate(connection, entity, among), translate(connection, entity, whole(per)))
    return perKey({ ...reading, signal }, entity, { ...per, values }, match)
  }

  return {
    query,
    queryPer,
    aggregate: (entity, asked, signal) => aggregate(connection, entity, asked, signal),
    scan: (entity, range) => scan(connection, entity, range),
    stream: (entity, range) => stream(connection, entity, range),

    async ids(entity, range, limit, without) {
      // Of those that have no record a page would be full, and seem to be the last
      const others = { _id: { $nin: without.map((id) => encodeId(entity, id)) } }
      const match = allOf(within(entity, range), hasRecord(entity), others)
      const found = await connection
        .reads(entity)
        .find(match, { limit, projection: { _id: 1 } })
        .toArray()
      return found.map(({ _id }) => decodeId(entity, _id)).filter((id): id is Id => !(id instanceof Refused))
    },

    async byIds(entity, ids, fields, signal) {
      const keys = ids.map((id) => encodeId(entity, id))
      // The plainest filter there is: hidden documents are told by the bookkeeping that is read anyway
      const match: Document = keys.length === 1 ? { _id: keys[0] } : { _id: { $in: keys } }
      const projection = projectionOf(fields)
      const documents = await readDocuments(
        (more) => connection.reads(entity).find(match, { ...options(signal), projection, ...more }),
        { signal, of: fields },
      )
      const items = documents.flatMap((document) => (isHidden(document) ? [] : toItem(entity, fields, document)))
      return new Map<Id, Item>(items.map((item) => [item.record.id, item]))
    },

    async count(entity, where, signal) {
      const ids = where === everything ? idRange(entity) : null
      if (ids === null) {
        const match = allOf(translate(connection, entity, where), visible(entity))
        return connection.reads(entity).countDocuments(match, options(signal))
      }
      // Of the index of the ids alone, less the few that are hidden, which have indexes of their own
      const hidden = {
        ...ids,
        $or: ['_cf.deleted', '_cf.arriving'].map((path) => ({ [path]: { $exists: true, $ne: null } })),
      }
      const [all, out] = await Promise.all(
        [ids, hidden].map((match) => connection.reads(entity).countDocuments(match, options(signal))),
      )
      return all! - out!
    },

    async countPer(entity, path, values, where, signal) {
      const leaf = leafAt(entity, path)
      const among = allOf(
        translate(connection, entity, { op: 'in', path, values: asked(values) }),
        translate(connection, entity, where),
        visible(entity),
      )
      const groups = await connection
        .reads(entity)
        .aggregate<{ readonly _id: unknown; readonly n: number }>(
          [{ $match: among }, { $group: { _id: decoded(leaf), n: { $sum: 1 } } }],
          options(signal),
        )
        .toArray()
      const { decode } = mongoKind(leaf)
      return new Map(groups.map((group) => [keyValue(leaf, decode(group._id)), group.n]))
    },
  }
}

/** The same, but for streams, which come from other members than the primary. */
export const membersReader = (connection: MongoConnection, members: Members): Reader => ({
  ...mongoReader(connection),
  stream: (entity, range) =>
    members.readPreference === 'primary'
      ? stream(connection, entity, range)
      : stream(connection, entity, range, members),
})
