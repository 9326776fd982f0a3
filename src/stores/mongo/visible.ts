import { type Document, ObjectId } from 'mongodb'
import type { Entity } from '../../entity/entity.ts'
import { idLeaf } from '../../entity/leaf-at.ts'
import { onceFor } from '../../util/once-for.ts'
import { allOf } from './all-of.ts'
import { alive } from './bookkeeping.ts'
import { decoded } from './codec/expression.ts'
import { mongoKind } from './codec/mongo-kinds.ts'

/** Matches documents whose id fits the mapping. Others are quarantined by jobs and have no record. */
export function hasRecord(entity: Entity): Document {
  const { types, guard } = mongoKind(idLeaf(entity))
  const ofType = { _id: { $type: types } }
  return guard ? { ...ofType, $expr: { $ne: [decoded(idLeaf(entity)), null] } } : ofType
}

/** Matches the documents that are part of the API: those that have a record and are not marked deleted. */
export const visible = onceFor((entity: Entity): Document => allOf(alive, hasRecord(entity)))

/**
 * The same as `hasRecord` by bounds of the index of the ids, which then counts without reading a document; null where ids
 * of the right type may have no record. A comparison matches values of its own type alone.
 */
export const idRange = onceFor((entity: Entity): Document | null =>
  entity.idKind === 'objectId' ? { _id: { $gte: new ObjectId('0'.repeat(24)) } } : null,
)
