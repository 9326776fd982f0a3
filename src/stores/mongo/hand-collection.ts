import type { AggregationCursor, ClientSession, Document, FindCursor } from 'mongodb'
import { Refused } from '../../codec/refused.ts'
import type { Entity, Id } from '../../entity/entity.ts'
import { CrossfadeError, messageOf } from '../../util/errors.ts'
import { isPlainObject } from '../../util/json.ts'
import type { Calls } from '../by-hand.ts'
import type { Stamp } from '../store.ts'
import { allOf } from './all-of.ts'
import { alive, mirrored, notNewerThan, versionOf } from './bookkeeping.ts'
import { decodeId } from './codec/decode.ts'
import { encodeId } from './codec/encode.ts'
import { deciding, type MongoConnection } from './connection.ts'
import { failureOf } from './errors.ts'
import type { HandCollection } from './hand.ts'
import { handCursor } from './hand-cursor.ts'
import type { NextId } from './repeated-ids.ts'
import { type Change, keepsBookkeeping, stamped } from './stamped.ts'
import type { StoredId } from './stored.ts'
import { visible } from './visible.ts'

/** What a write by hand is part of. */
export interface Writing {
  readonly connection: MongoConnection
  readonly entity: Entity
  readonly stamp: Stamp
  /** The store's time. */
  readonly now: number
  readonly nextId: NextId
  /** Of its transaction; null on a server that has none, where each call stands by itself. */
  readonly session: ClientSession | null
  readonly calls: Calls
  /** Told of a record before its document is changed, with that; with null where it is made. */
  readonly touch: (id: Id, raw: unknown, before: Document | null) => void
}

/** Documents that one call may change. */
const most = 10_000

/** The options of a call that say which documents it means. */
interface Given {
  readonly collation?: Document
  readonly hint?: Document | string
  readonly let?: Document
  readonly sort?: Document
  readonly upsert?: boolean
}

export const movedOn = ({ name }: Entity): CrossfadeError =>
  new CrossfadeError('TRY_AGAIN', `A ${name} was written after authority moved; try again.`)

const refused = ({ name }: Entity, text: string): CrossfadeError =>
  new CrossfadeError('MISCONFIGURED', `A write by hand of ${name} ${text}.`)

/** @throws MISCONFIGURED for stages that write by themselves. */
function checkReads(entity: Entity, pipeline: readonly Document[]): void {
  if (pipeline.some((stage) => '$out' in stage || '$merge' in stage))
    throw refused(entity, 'takes no $out and no $merge')
}

/**
 * Asks for documents. What the server refuses of that is the side's own filter or pipeline: no client gave it, and none can
 * mend it.
 */
async function asked<T>(entity: Entity, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (failureOf(error) !== 'refused') throw error
    throw refused(entity, `asks what MongoDB refuses: ${messageOf(error)}`)
  }
}

/** The collection that a write by hand is given. */
export function handCollection({
  connection,
  entity,
  stamp,
  now,
  nextId,
  session,
  calls,
  touch,
}: Writing): HandCollection {
  const own = connection.collection(entity)
  const within = (given: object = {}) => ({
    maxTimeMS: connection.maxTimeMs,
    ...given,
    ...(session ? { session } : { writeConcern: deciding.writeConcern }),
  })
  const seen = (filter: Document = {}): Document => allOf(filter, visible(entity))

  const reads = <T>(read: () => Promise<T>): Promise<T> => calls.inTurn(() => asked(entity, read))
  const cursorOf = <C extends FindCursor | AggregationCursor>(cursor: C): C =>
    handCursor(cursor, (call) => calls.atOnce(() => asked(entity, call)))

  /** @throws MISCONFIGURED on a server by itself: what it leaves would be told by nothing if it were cut off. */
  function needTransaction(method: string, remedy: string): void {
    if (!session) throw refused(entity, `cannot ${method} on a MongoDB server that has no transactions: use ${remedy}`)
  }

  /** The filter of a write, narrowed to the documents that it means now. They are told before it is sent. */
  async function meant(filter: Document, given: Given, limit: number): Promise<Document> {
    if (given.upsert) throw refused(entity, 'takes no upsert: look for the document, then insert it')
    // It would find other documents by their ids, too
    if (given.collation) throw refused(entity, 'takes no collation where it writes: find the documents, then name them')
    const { hint, let: variables, sort } = given
    const look = { hint, let: variables, sort, limit, projection: { _cf: 1 } }
    const found = await asked(entity, () => own.find(seen(filter), within(look) as object).toArray())
    if (found.length > most) throw refused(entity, `changes ${most} documents at most in one call`)
    if (found.some((document) => versionOf(document).epoch > stamp.epoch)) throw movedOn(entity)
    const named = found.map((document) => [decodeId(entity, document._id), document] as const)
    for (const [id, document] of named) if (!(id instanceof Refused)) touch(id, document._id, document)
    const odd = found.filter(({ _cf }) => _cf !== undefined && !isPlainObject(_cf)).map(({ _id }) => _id)
    stamp.check?.()
    // Operators change no member of what is no object: what others have left there counts as nothing
    if (odd.length > 0) await own.updateMany({ _id: { $in: odd } }, { $unset: { _cf: '' } }, within())
    return allOf(filter, { _id: { $in: found.map(({ _id }) => _id) } }, alive, notNewerThan(stamp.epoch))
  }

  function change(given: Change): Change {
    if (!session && Array.isArray(given) && !keepsBookkeeping(given))
      needTransaction('replace documents', '$set, $addFields and $unset')
    return stamped(given, stamp, now)
  }

  const idOf = (id: Id | undefined): StoredId | undefined => (id === undefined ? id : encodeId(entity, id))

  /** With an id, made here where the mapping makes them, and a version. */
  function made(document: Document): Document {
    const { _id = idOf(nextId(entity)), ...members } = document
    const id = decodeId(entity, _id)
    if (id instanceof Refused) throw refused(entity, 'inserts a document whose `_id` is not of the mapping')
    touch(id, _id, null)
    const pending = stamp.owed ? { pending: new Date(now) } : {}
    return { _id, ...members, _cf: { ...mirrored({ epoch: stamp.epoch, counter: now }), ...pending } }
  }

  const insert = <T>(send: () => Promise<T>): Promise<T> =>
    calls.inTurn(async () => {
      needTransaction('insert', `tx.of(${entity.name}).create`)
      stamp.check?.()
      return send()
    })

  const remove = <T>(
    filter: Document,
    given: Given,
    limit: number,
    send: (filter: Document) => Promise<T>,
  ): Promise<T> =>
    calls.inTurn(async () => {
      needTransaction('delete', `tx.of(${entity.name}).delete`)
      return send(await meant(filter, given, limit))
    })

  const update = <T>(
    filter: Document,
    given: Given,
    limit: number,
    send: (filter: Document) => Promise<T>,
  ): Promise<T> => calls.inTurn(async () => send(await meant(filter, given, limit)))

  const all = connection.db.collection(entity.mongo)
  const collection = {
    find(filter?: Document, given?: object) {
      calls.check()
      return cursorOf(own.find(seen(filter), within(given)))
    },
    findOne: (filter?: Document, given?: object) => reads(() => own.findOne(seen(filter), within(given))),
    aggregate(pipeline: readonly Document[] = [], given?: object) {
      calls.check()
      checkReads(entity, pipeline)
      return cursorOf(own.aggregate([{ $match: visible(entity) }, ...pipeline], within(given)))
    },
    countDocuments: (filter?: Document, given?: object) => reads(() => own.countDocuments(seen(filter), within(given))),
    insertOne: (document: Document, given?: object) => insert(() => all.insertOne(made(document), within(given))),
    insertMany: (documents: readonly Document[], given?: object) =>
      insert(() => all.insertMany(documents.map(made), within(given))),
    updateOne: (filter: Document, by: Change, given: Given = {}) =>
      update(filter, given, 1, (narrow) => own.updateOne(narrow, change(by), within(given))),
    updateMany: (filter: Document, by: Change, given: Given = {}) =>
      update(filter, given, most + 1, (narrow) => own.updateMany(narrow, change(by), within(given))),
    replaceOne(filter: Document, document: Document, given: Given = {}) {
      if (Object.keys(document).some((key) => key.startsWith('$')))
        return calls.inTurn(() => Promise.reject(refused(entity, 'replaces by a document, and no operators')))
      // As an update, since a replacement would lose its bookkeeping
      const by = [{ $replaceWith: { $mergeObjects: [{ $literal: document }, { _id: '$_id', _cf: '$_cf' }] } }]
      return update(filter, given, 1, (narrow) => own.updateOne(narrow, stamped(by, stamp, now), within(given)))
    },
    findOneAndUpdate: (filter: Document, by: Change, given: Given = {}) =>
      update(filter, given, 1, (narrow) => own.findOneAndUpdate(narrow, change(by), within(given))),
    deleteOne: (filter: Document = {}, given: Given = {}) =>
      remove(filter, given, 1, (narrow) => own.deleteOne(narrow, within(given))),
    deleteMany: (filter: Document = {}, given: Given = {}) =>
      remove(filter, given, most + 1, (narrow) => own.deleteMany(narrow, within(given))),
    findOneAndDelete: (filter: Document, given: Given = {}) =>
      remove(filter, given, 1, (narrow) => own.findOneAndDelete(narrow, within(given))),
  }
  return collection as unknown as HandCollection // its overloads say more than a function here can
}
