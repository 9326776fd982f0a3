import type { Document } from 'mongodb'
import { Refused } from '../../codec/refused.ts'
import type { Entity } from '../../entity/entity.ts'
import type { FieldSet } from '../../entity/field-set.ts'
import type { Item } from '../store.ts'
import { isPending, versionOf } from './bookkeeping.ts'
import { decodeId, decodeRecord } from './codec/decode.ts'

/** Ids are those of the mapping: others are quarantined by jobs and not part of the API. */
export function toItem(entity: Entity, fields: FieldSet, document: Document): Item[] {
  const id = decodeId(entity, document['_id'])
  if (id instanceof Refused) return []
  return [
    { version: versionOf(document), pending: isPending(document), record: decodeRecord(id, fields.nodes, document) },
  ]
}
