import type { Document } from 'mongodb'
import { type Issue, Refused } from '../../codec/refused.ts'
import type { Entity, Id } from '../../entity/entity.ts'
import type { Image, Scanned } from '../store.ts'
import { allOf } from './all-of.ts'
import { alive, isDeleted, isPending, versionOf } from './bookkeeping.ts'
import { decodeId, decodeRecord, decodeRest, rawText } from './codec/decode.ts'
import { encodeId } from './codec/encode.ts'
import { mongoKind } from './codec/mongo-kinds.ts'
import type { MongoConnection } from './connection.ts'

/** The image of a whole document whose id is already decoded. */
export function imageOf(entity: Entity, id: Id, document: Document): Image {
  const deleted = isDeleted(document)
  const issues: Issue[] = []
  const record = deleted ? null : decodeRecord(id, entity.nodes, document, issues)
  const rest = deleted ? null : decodeRest(entity, document, issues)
  return { id, version: versionOf(document), pending: isPending(document), record, rest, issues }
}

/** Documents that can have no record, found once, on the first batch: ids of another type sort anywhere. */
async function quarantined(connection: MongoConnection, entity: Entity): Promise<Scanned['quarantined']> {
  const { types } = mongoKind(entity.idKind)
  const documents = await connection
    .collection(entity)
    .find(allOf(alive, { _id: { $not: { $type: types as 'string'[] } } }))
    .toArray()
  return documents.map((document) => ({
    id: rawText(document['_id']),
    issues: [{ path: '_id', rule: `is not of the id's kind, ${entity.idKind}`, raw: rawText(document) }],
  }))
}

/** Whole documents behind `after` in id order. */
export async function scan(
  connection: MongoConnection,
  entity: Entity,
  range: { readonly after: Id | null; readonly limit: number },
): Promise<Scanned> {
  const { types } = mongoKind(entity.idKind)
  const ofType: Document = { _id: { $type: types } }
  const behind = range.after === null ? {} : { _id: { $gt: encodeId(entity, range.after) } }
  const documents = await connection
    .collection(entity)
    .find(allOf(behind as Document, alive, ofType) as Document, { sort: { _id: 1 }, limit: range.limit })
    .toArray()
  const images: Image[] = []
  const odd: { id: string; issues: readonly Issue[] }[] = []
  for (const document of documents) {
    const id = decodeId(entity, document['_id'])
    if (!(id instanceof Refused)) images.push(imageOf(entity, id, document))
    else odd.push({ id: rawText(document['_id']), issues: [{ path: '_id', rule: id.rule, raw: rawText(document) }] })
  }
  const others = range.after === null ? await quarantined(connection, entity) : []
  const last = images.at(-1)
  return { images, quarantined: [...others, ...odd], next: documents.length < range.limit || !last ? null : last.id }
}
