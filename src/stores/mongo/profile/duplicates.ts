import type { Document } from 'mongodb'
import type { Entity, Leaf } from '../../../entity/entity.ts'
import type { KeyCondition, UniqueKey } from '../../unique-key.ts'
import { rawText } from '../codec/decode.ts'
import { decoded } from '../codec/expression.ts'
import { mongoKind } from '../codec/mongo-kinds.ts'
import type { MongoConnection } from '../connection.ts'
import { heldTwice } from '../duplicates.ts'
import { visible } from '../visible.ts'
import { type Reading, readFrom } from './raw-documents.ts'

/** What agrees in all values of a unique key. */
export interface Duplicates {
  /** How many values are held more than once. */
  readonly values: number
  /** By how many documents in all. */
  readonly documents: number
  /** Two ids of the value that most documents hold, as Extended JSON text. */
  readonly example: readonly string[]
}

const isPresent = (leaf: Leaf): Document => ({ $ne: [decoded(leaf), null] })

function meets(condition: KeyCondition): Document {
  if (condition.op === 'present') return { $or: condition.leaves.map(isPresent) }
  if (condition.op === 'absent') return { $eq: [decoded(condition.leaf), null] }
  const { op, leaf, value } = condition
  const compared = { [`$${op}`]: [decoded(leaf), { $literal: mongoKind(leaf).encode(value) }] }
  return { $and: [isPresent(leaf), compared] } // null is below every value
}

interface Found {
  readonly values: number
  readonly documents: number
  readonly first: unknown
  readonly last: unknown
}

/**
 * Which records agree in a unique key, by what they decode to: the number 7 and the text "7" in a text field are one
 * value, which MongoDB's index takes for two. The server groups them, on its disk where its memory is not enough.
 */
export async function duplicates(
  connection: MongoConnection,
  entity: Entity,
  { leaves, nulls, among }: UniqueKey,
  reading: Reading,
): Promise<Duplicates> {
  const conditions = [...among.map(meets), ...(nulls === 'many' ? leaves.map(isPresent) : [])]
  const pipeline: Document[] = [
    { $match: visible(entity) },
    ...(conditions.length > 0 ? [{ $match: { $expr: { $and: conditions } } }] : []),
    ...heldTwice(leaves),
    {
      $group: {
        _id: null,
        values: { $sum: 1 },
        documents: { $sum: '$count' },
        first: { $first: '$first' },
        last: { $first: '$last' },
      },
    },
  ]
  const { signal } = reading
  const options = { allowDiskUse: true, ...(signal ? { signal } : {}) }
  const [found] = await readFrom(connection, entity, reading).aggregate<Found>(pipeline, options).toArray()
  if (!found) return { values: 0, documents: 0, example: [] }
  const { values, documents, first, last } = found
  return { values, documents, example: [rawText(first), rawText(last)] }
}
