import type { ClientSession, Document, MongoServerError } from 'mongodb'
import type { Entity, Id } from '../../entity/entity.ts'
import { faultOf } from '../failure.ts'
import type { Image, PutOutcome } from '../store.ts'
import { compareVersions } from '../version.ts'
import { allOf } from './all-of.ts'
import { settle } from './arriving.ts'
import { arrivingOf, atVersion, isArriving, isPending, mirrored, versionOf } from './bookkeeping.ts'
import { storeNow } from './clock.ts'
import { difference, Unwritable } from './codec/difference.ts'
import { encodeId, encodeWhole, isTooLarge, tooLarge } from './codec/encode.ts'
import type { MongoConnection } from './connection.ts'
import { ofType } from './documents-of.ts'
import { isDuplicate, isStoreTrouble, pathsRefused, refusal } from './errors.ts'
import { idText, idTextOf } from './id-text.ts'
import { readDocuments } from './read-documents.ts'
import type { Arriving, StoredDocument } from './stored.ts'
import { holders } from './unique-values.ts'

export const late: PutOutcome = { put: 'late' }
export const applied: PutOutcome = { put: 'applied' }

/** Known before anything is sent. */
class TooLarge extends Error {}

const sameVersion = (a: StoredDocument, b: StoredDocument): boolean => compareVersions(versionOf(a), versionOf(b)) === 0

/** What a put has before it. */
export interface Put {
  readonly connection: MongoConnection
  readonly entity: Entity
  readonly image: Image
  /** See `Replica.bulkPut`. */
  readonly under: number
  /** As it was read; undefined where there is none. */
  readonly stored: StoredDocument | undefined
}

/** Null where the document was no longer as it had been read. */
type Step = (put: Put) => Promise<PutOutcome | null>

type State = 'absent' | 'older' | 'olderUnsure' | 'sameArriving' | 'asNew'

/**
 * No put has revealed it: it arrives, or a message that came after authority had gone to the other store has written it,
 * which may have been after the record's delete.
 */
const isUnsure = (stored: StoredDocument): boolean => isArriving(stored) || isPending(stored)

export function stateOf({ image, stored }: Put): State {
  if (!stored) return 'absent'
  const order = compareVersions(versionOf(stored), image.version)
  if (order < 0) return isUnsure(stored) ? 'olderUnsure' : 'older'
  return order === 0 && isArriving(stored) ? 'sameArriving' : 'asNew'
}

/** What others have made of it meanwhile is as new, or newer: whoever owes the record looks again. */
const revealed: Step = ({ connection, entity, image, under }) => settle(connection, entity, image, under)

const arrivesNow = async ({ connection, under }: Put): Promise<Arriving> => ({
  since: new Date(await storeNow(connection)),
  under,
})

/** Unseen at first: a delete that came between our look for tombstones and the insert has found nothing to remove. */
const insert: Step = async (put) => {
  const { connection, entity, image } = put
  const arriving = await arrivesNow(put)
  const _cf = { ...mirrored(image.version), arriving }
  const document = { _id: encodeId(entity, image.id), ...encodeWhole(entity, image.record!, image), _cf }
  if (isTooLarge(document)) throw new TooLarge()
  await connection.collection(entity).insertOne(document)
  return revealed(put)
}

/** Matches the document at the exact version that was read. */
const asRead = ({ entity, image, stored }: Put): Document =>
  allOf({ _id: encodeId(entity, image.id) }, atVersion(versionOf(stored!)))

/** Makes a document older than its image equal to it. @param session of a transaction that it is a step of. */
export async function changed(put: Put, kept: Document, session?: ClientSession): Promise<boolean> {
  const { connection, entity, image, stored } = put
  const { $set, $unset } = difference(entity, stored!, image.record!, image.elementRests)
  const _cf = { ...mirrored(image.version), ...kept }
  const update = { $set: { ...$set, _cf }, ...(Object.keys($unset).length > 0 ? { $unset } : {}) }
  const options = session && { session }
  return (await connection.collection(entity).updateOne(asRead(put), update, options)).matchedCount === 1
}

/** What becomes of a record, by what is stored. */
const steps: Readonly<Record<State, Step>> = {
  absent: insert,
  older: async (put) => ((await changed(put, {})) ? applied : null),
  // Unseen, or still so: whoever wrote it first may have been cut off before its look, or has never looked
  olderUnsure: async (put) => {
    const since = arrivingOf(put.stored!)?.since
    const arriving = since ? { since, under: put.under } : await arrivesNow(put)
    return (await changed(put, { arriving })) ? revealed(put) : null
  },
  sameArriving: revealed,
  asNew: async () => late,
}

/**
 * A delete removes documents at or below its version, arriving or not.
 *
 * @param isNew whether its tombstone was written just now, so that only a newer record can make it late.
 */
async function remove(put: Put, isNew: boolean): Promise<PutOutcome | null> {
  const { connection, entity, image, stored } = put
  if (!stored) return isNew ? applied : late
  if (compareVersions(versionOf(stored), image.version) > 0) return late
  return (await connection.collection(entity).deleteOne(asRead(put))).deletedCount === 1 ? applied : null
}

/** What is stored, by the text of the documents' ids. */
export async function storedById(
  connection: MongoConnection,
  entity: Entity,
  images: readonly Image[],
  session?: ClientSession,
): Promise<Map<string, Document>> {
  const ids = images.map(({ id }) => encodeId(entity, id))
  const options = session ? { session } : ({ readConcern: { level: 'majority' } } as const)
  const documents = await readDocuments((more) =>
    connection.collection(entity).find({ _id: { $in: ids } }, { ...options, ...more }),
  )
  return new Map(documents.map((document) => [idText(document['_id']), document]))
}

const idTaken: PutOutcome = { put: 'refused', reason: 'a document of another type in its collection has its id' }

const maxRaces = 5 // another put of the same record won each time; the sweep looks at it again

/** Whether the id is that of a document which is no record of the type: of another one of the collection, or of none. */
export async function isOfAnother(connection: MongoConnection, entity: Entity, id: Id): Promise<boolean> {
  if (entity.fixed.size === 0) return false
  const among: Document = { _id: encodeId(entity, id), $nor: [ofType(entity)] }
  return (await connection.db.collection(entity.mongo).findOne(among, { projection: { _id: 1 } })) !== null
}

/** What keeps an image out. @throws where the store is in trouble. */
function keptOut(error: unknown): PutOutcome {
  if (isStoreTrouble(error)) throw error
  if (error instanceof TooLarge) return { put: 'refused', reason: tooLarge }
  if (error instanceof Unwritable) return { put: 'refused', reason: error.message }
  return { put: 'refused', reason: refusal(error) ?? faultOf(error) }
}

/**
 * Puts one record as often as it takes where others put it as well.
 *
 * @param isNewTombstone whether the tombstone of a delete was written just now.
 */
export async function putOne(first: Put, isNewTombstone: boolean): Promise<PutOutcome> {
  const { connection, entity, image } = first
  let put = first
  for (let race = 0; race < maxRaces; race++) {
    let duplicate: MongoServerError | null = null
    try {
      const isDelete = image.record === null
      const outcome = await (isDelete ? remove(put, isNewTombstone) : steps[stateOf(put)](put))
      if (outcome) return outcome
    } catch (error) {
      if (!isDuplicate(error)) return keptOut(error)
      duplicate = error
    }
    const stored = (await storedById(connection, entity, [image])).get(idTextOf(entity, image.id))
    // One that was inserted meanwhile holds its own unique values, and the server names one index of those it breaks
    const isAsRead = stored ? put.stored && sameVersion(stored, put.stored) : !put.stored
    const isId = duplicate !== null && pathsRefused(duplicate).join() === '_id'
    if (duplicate && isAsRead && !isId) return holders(connection, entity, image, duplicate)
    if (isId && !stored && (await isOfAnother(connection, entity, image.id))) return idTaken
    put = { ...put, stored }
  }
  return late
}
