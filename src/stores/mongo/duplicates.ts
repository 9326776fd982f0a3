import type { Document } from 'mongodb'
import { Refused } from '../../codec/refused.ts'
import type { Entity, Id, Leaf } from '../../entity/entity.ts'
import type { Where } from '../../query/where.ts'
import type { Duplicates, KeyCondition, UniqueKey } from '../unique-key.ts'
import { allOf } from './all-of.ts'
import { decodeId } from './codec/decode.ts'
import { decoded } from './codec/expression.ts'
import type { MongoConnection } from './connection.ts'
import { visible } from './visible.ts'
import { translate } from './where.ts'

const isPresent = ({ path }: Leaf): Where => ({ op: 'not', of: { op: 'eq', path, value: null } })

function whereOf(condition: KeyCondition): Where {
  if (condition.op === 'present') return { op: 'or', of: condition.leaves.map(isPresent) }
  if (condition.op === 'absent') return { op: 'eq', path: condition.leaf.path, value: null }
  return { op: condition.op, path: condition.leaf.path, value: condition.value }
}

/** The stages that leave what more than one document holds of a key, as records have it, most frequent first. */
export const heldTwice = (leaves: readonly Leaf[]): Document[] => {
  const values = Object.fromEntries(leaves.map((leaf, at) => [`k${at}`, { $ifNull: [decoded(leaf), null] }]))
  return [
    // Numbers of all types are equal by value, in groups as in an index
    { $group: { _id: values, count: { $sum: 1 }, first: { $min: '$_id' }, last: { $max: '$_id' } } },
    { $match: { count: { $gt: 1 } } },
    { $sort: { count: -1, first: 1 } },
  ]
}

/**
 * Values that more than one record holds, as records have them, most frequent first, with the first and the last id of
 * each. Reads the whole collection.
 */
export async function duplicates(
  hasty: MongoConnection,
  entity: Entity,
  key: UniqueKey,
  limit: number,
): Promise<readonly Duplicates[]> {
  const connection = hasty.patient()
  const solid = key.nulls === 'many' ? key.leaves.map(isPresent) : []
  const among: Where = { op: 'and', of: [...solid, ...key.among.map(whereOf)] }
  const groups = await connection
    .collection(entity)
    .aggregate<{ readonly count: number; readonly first: unknown; readonly last: unknown }>([
      { $match: allOf(translate(connection, entity, among), visible(entity)) },
      ...heldTwice(key.leaves),
      { $limit: limit },
    ])
    .toArray()
  const ids = (raw: unknown): Id[] => {
    const id = decodeId(entity, raw)
    return id instanceof Refused ? [] : [id]
  }
  return groups.map(({ count, first, last }) => ({ count, ids: [...ids(first), ...ids(last)] }))
}
