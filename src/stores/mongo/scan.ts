import type { Document } from 'mongodb'
import type { Issue } from '../../codec/refused.ts'
import type { Entity, Id } from '../../entity/entity.ts'
import { weigh } from '../../util/weigh.ts'
import type { Image, Scanned } from '../store.ts'
import { allOf } from './all-of.ts'
import { alive, isDeleted, isPending, versionOf } from './bookkeeping.ts'
import { decodeId, decodeRecord, rawText } from './codec/decode.ts'
import { encodeId } from './codec/encode.ts'
import { decodeElementRests, decodeRest } from './codec/rest.ts'
import type { MongoConnection } from './connection.ts'
import { readDocuments } from './read-documents.ts'
import { observe } from './survey.ts'
import { hasRecord, visible } from './visible.ts'

/** The image of a whole document whose id is already decoded. */
export function imageOf(entity: Entity, id: Id, document: Document): Image {
  const deleted = isDeleted(document)
  const issues: Issue[] = []
  const record = deleted ? null : decodeRecord(id, entity.nodes, document, issues)
  const rest = deleted ? null : decodeRest(entity, document, issues)
  const elementRests = deleted ? {} : decodeElementRests(entity, document, issues)
  return { id, version: versionOf(document), pending: isPending(document), record, rest, elementRests, issues }
}

/** Documents that can have no record, found once, on the first batch: ids of another type sort anywhere. */
function withoutRecord(connection: MongoConnection, entity: Entity): Promise<Document[]> {
  const match = allOf(alive, { $nor: [hasRecord(entity)] })
  return readDocuments((more) => connection.collection(entity).find(match, more))
}

const quarantined = (entity: Entity, documents: readonly Document[]): Scanned['quarantined'] =>
  documents.map((document) => ({
    id: rawText(document['_id']),
    issues: [{ path: '_id', rule: `is not of the id's kind, ${entity.idKind}`, raw: rawText(document) }],
  }))

/** Bytes of one batch, about: documents are of 16 MB at most, and a few times that in memory. */
const maxBytes = 32 * 1024 * 1024

/** Whole documents behind `after` in id order; fewer than asked for where they are large. */
export async function scan(
  connection: MongoConnection,
  entity: Entity,
  range: { readonly after: Id | null; readonly limit: number },
): Promise<Scanned> {
  const behind: Document = range.after === null ? {} : { _id: { $gt: encodeId(entity, range.after) } }
  const match = allOf(behind, visible(entity))
  const { limit } = range
  const documents = await readDocuments(
    (more) => connection.collection(entity).find(match, { sort: { _id: 1 }, limit, ...more }),
    maxBytes,
  )
  // `visible` lets documents through whose id decodes, and no others
  const images = documents.map((document) => imageOf(entity, decodeId(entity, document['_id']) as Id, document))
  const strays = range.after === null ? await withoutRecord(connection, entity) : []
  const odd = new Set<string>()
  for (const document of [...documents, ...strays]) observe(entity, document, odd)
  return {
    images,
    quarantined: quarantined(entity, strays),
    odd: [...odd],
    next: documents.length < limit && weigh(documents) <= maxBytes ? null : images.at(-1)!.id,
  }
}
