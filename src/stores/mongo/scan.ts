import type { Document } from 'mongodb'
import type { Issue } from '../../codec/refused.ts'
import type { Entity, Id } from '../../entity/entity.ts'
import { everything } from '../../query/where.ts'
import { weigh } from '../../util/weigh.ts'
import { type IdRange, type Image, type Scanned, type ScanRange, scanBytes } from '../store.ts'
import { allOf } from './all-of.ts'
import { alive, isDeleted, isPending, versionOf } from './bookkeeping.ts'
import { decodeId, decodeRecord, rawText } from './codec/decode.ts'
import { encodeId } from './codec/encode.ts'
import { decodeElementRests, decodeRest } from './codec/rest.ts'
import type { MongoConnection } from './connection.ts'
import { readDocuments } from './read-documents.ts'
import { hasRecord, visible } from './visible.ts'
import { translate } from './where.ts'

/** The image of a whole document whose id is already decoded. */
export function imageOf(entity: Entity, id: Id, document: Document): Image {
  const deleted = isDeleted(document)
  const issues: Issue[] = []
  const record = deleted ? null : decodeRecord(id, entity.nodes, document, issues)
  const rest = deleted ? null : decodeRest(entity, document, issues)
  const elementRests = deleted ? {} : decodeElementRests(entity, document, issues)
  return { id, version: versionOf(document), pending: isPending(document), record, rest, elementRests, issues }
}

/** What is told of a document that can have no record. */
export const withoutRecord = ({ idKind }: Entity, document: Document): Scanned['quarantined'][number] => ({
  id: rawText(document['_id']),
  issues: [{ path: '_id', rule: `is not of the id's kind, ${idKind}`, raw: rawText(document) }],
})

/** Documents that can have no record, found once, on the first batch: ids of another type sort anywhere. */
function straysOf(connection: MongoConnection, entity: Entity): Promise<Document[]> {
  const match = allOf(alive, { $nor: [hasRecord(entity)] })
  return readDocuments((more) => connection.reads(entity).find(match, more))
}

/** Matches the ids of a range. */
export function within(entity: Entity, { after, upTo }: IdRange): Document {
  const bounds: Document = {
    ...(after === null ? {} : { $gt: encodeId(entity, after) }),
    ...(upTo === null ? {} : { $lte: encodeId(entity, upTo) }),
  }
  return after === null && upTo === null ? {} : { _id: bounds }
}

/** Whole documents of a range in id order; fewer than asked for where they are large. */
export async function scan(
  connection: MongoConnection,
  entity: Entity,
  { after, upTo = null, limit, maxBytes = scanBytes, where = everything }: ScanRange,
): Promise<Scanned> {
  const match = allOf(
    within(entity, { after, upTo }),
    visible(entity),
    where === everything ? {} : translate(connection, entity, where),
  )
  // What few records meet is long in coming
  const among = where === everything ? connection : connection.patient()
  const documents = await readDocuments(
    (more) => among.reads(entity).find(match, { sort: { _id: 1 }, limit, ...more }),
    { maxBytes },
  )
  // `visible` lets documents through whose id decodes, and no others
  const images = documents.map((document) => imageOf(entity, decodeId(entity, document['_id']) as Id, document))
  const strays = after === null ? await straysOf(connection, entity) : []
  return {
    images,
    quarantined: strays.map((document) => withoutRecord(entity, document)),
    next: documents.length < limit && weigh(documents) <= maxBytes ? null : images.at(-1)!.id,
  }
}
