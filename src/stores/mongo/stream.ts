import type { Document } from 'mongodb'
import { Refused } from '../../codec/refused.ts'
import type { Entity } from '../../entity/entity.ts'
import { everything } from '../../query/where.ts'
import type { IdRange, Image, ScanRange, Streamed } from '../store.ts'
import { allOf } from './all-of.ts'
import { isHidden } from './bookkeeping.ts'
import { decodeId } from './codec/decode.ts'
import { encodeId } from './codec/encode.ts'
import type { MongoConnection } from './connection.ts'
import { beginRead, type MemberRead, type Members, ofMember } from './members.ts'
import { asBytes, fromBytes } from './read-documents.ts'
import { imageOf, within, withoutRecord } from './scan.ts'
import { observe } from './survey.ts'
import { translate } from './where.ts'

/**
 * What is hidden, and ids that fit no record, are told apart here: they are few, and a server would ask it of each document,
 * or go through the collection once more.
 */
function lotOf(entity: Entity, documents: readonly Document[], surveyed: boolean): Streamed {
  const images: Image[] = []
  const quarantined: Streamed['quarantined'][number][] = []
  const odd = new Set<string>()
  for (const document of documents) {
    if (surveyed) observe(entity, document, odd) // what is about to go as well: it stands in the indexes until it has
    if (isHidden(document)) continue
    const id = decodeId(entity, document['_id'])
    if (id instanceof Refused) quarantined.push(withoutRecord(entity, document))
    else images.push(imageOf(entity, id, document))
  }
  return { images, quarantined, odd: [...odd] }
}

/** Ids of all types behind one, in the order of the index: comparisons in filters are of one type alone. */
const behind = (id: unknown): Document => ({
  _id: { $not: { $lte: id } },
  $expr: { $gt: ['$_id', { $literal: id }] },
})

/** The same of those up to one. */
const upToAnyOf = (id: unknown): Document => ({
  _id: { $not: { $gt: id } },
  $expr: { $lte: ['$_id', { $literal: id }] },
})

/** Ids of all types in a range where an end of it is open, and of the right one between two. */
function withinAny(entity: Entity, { after, upTo }: IdRange): Document {
  if (after === null) return upTo === null ? {} : upToAnyOf(encodeId(entity, upTo))
  return upTo === null ? behind(encodeId(entity, after)) : within(entity, { after, upTo })
}

/** A lot is of `limit` documents, and of the 16 MB of a server's answer, at most. */
async function* byCursor(
  connection: MongoConnection,
  entity: Entity,
  match: Document,
  limit: number,
  read: MemberRead | null,
): AsyncGenerator<readonly Document[], void> {
  const given = { sort: { _id: 1 }, batchSize: limit, ...read?.options, ...asBytes } as const
  const cursor = connection.reads(entity).find(match, given)
  try {
    while (await cursor.hasNext()) {
      yield cursor.readBufferedDocuments().map(fromBytes)
    }
  } finally {
    await cursor.close().catch(() => undefined)
  }
}

/**
 * See `Reader.stream`. One cursor: a server that was gone, or has forgotten it, is asked anew behind the last document.
 *
 * @param members which are read; null for the primary.
 */
export async function* stream(
  hasty: MongoConnection,
  entity: Entity,
  { after, upTo = null, limit, where = everything, surveyed = false }: ScanRange,
  members: Members | null = null,
): AsyncGenerator<Streamed, void> {
  // What few records meet is long in coming
  const connection = where === everything ? hasty : hasty.patient()
  const filter = where === everything ? {} : translate(hasty, entity, where)
  let from = surveyed ? withinAny(entity, { after, upTo }) : within(entity, { after, upTo })
  for (;;) {
    let lots = 0
    let read: MemberRead | null = null
    try {
      read = members && (await beginRead(connection, members))
      let isStale = false
      for await (const documents of byCursor(connection, entity, allOf(from, filter), limit, read)) {
        lots++
        yield { ...lotOf(entity, documents, surveyed), ...(read ? { since: read.since } : {}) }
        from = allOf(behind(documents.at(-1)!['_id']), within(entity, { after: null, upTo }))
        isStale = read?.isStale() ?? false
        if (isStale) break // asked anew, before the member may be too far behind
      }
      if (!isStale) return
    } catch (error) {
      if (lots === 0) throw members ? ofMember(error, members, connection) : error
    } finally {
      await read?.end()
    }
  }
}
