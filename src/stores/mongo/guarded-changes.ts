import type { ClientSession, Document } from 'mongodb'
import type { Entity, Id } from '../../entity/entity.ts'
import { CrossfadeError } from '../../util/errors.ts'
import type { Guard, Image, Stamp } from '../store.ts'
import { compareVersions, formatVersion } from '../version.ts'
import { allOf } from './all-of.ts'
import { alive, atVersion, isDeleted, notNewerThan, versionOf } from './bookkeeping.ts'
import { encodeId } from './codec/encode.ts'
import { holdsReplacement } from './codec/unsound.ts'
import type { MongoConnection } from './connection.ts'
import { readDocuments } from './read-documents.ts'
import { imageOf } from './scan.ts'
import { testOf } from './where-expression.ts'

/** A guard as a filter: by what readers are shown, whatever is stored. The document is found by its id. */
export const guardOf = (entity: Entity, { at, when }: Guard): Document =>
  allOf(at ? atVersion(at) : {}, when ? { $expr: testOf(entity, when) } : {})

/** Changes of one document where it is as a guard wants it. @param session of a transaction that they are steps of. */
export function guardedChanges(connection: MongoConnection, session?: ClientSession) {
  const options = { maxTimeMS: connection.maxTimeMs, ...(session ? { session } : {}) }

  /** The document as it is after a guarded change. What was written must not fail for text that is not UTF-8. */
  async function changed(entity: Entity, filter: Document, stages: Document[]): Promise<Document | null> {
    const collection = connection.collection(entity)
    const leniently = { ...options, returnDocument: 'after', enableUtf8Validation: false } as const
    const document = await collection.findOneAndUpdate(filter, stages, leniently)
    if (!document || !holdsReplacement(document)) return document
    // It may stand there by right, or in the place of bytes that are no text: the bytes tell
    const [present] = await readDocuments((more) => collection.find({ _id: document._id }, { ...options, ...more }))
    return present && compareVersions(versionOf(present), versionOf(document)) === 0 ? present : document
  }

  /** One guarded findOneAndUpdate; null where nothing matched and the reason is not a newer epoch. */
  async function change(
    entity: Entity,
    id: Id,
    stages: Document[],
    stamp: Stamp,
    guard: Document,
  ): Promise<Image | null> {
    const _id = encodeId(entity, id)
    const filter = allOf({ _id }, alive, notNewerThan(stamp.epoch), guard)
    const document = await changed(entity, filter, stages)
    if (document) return imageOf(entity, id, document)
    await checkEpoch(entity, id, stamp)
    return null
  }

  /** @throws TRY_AGAIN where a document that a guard has refused is of a newer epoch than the writer's. */
  async function checkEpoch(entity: Entity, id: Id, stamp: Stamp): Promise<void> {
    const _id = encodeId(entity, id)
    const there = await connection.collection(entity).findOne({ _id }, { ...options, projection: { _cf: 1 } })
    if (there && !isDeleted(there) && versionOf(there).epoch > stamp.epoch) throw staleEpoch(entity, id, there, stamp)
  }

  return { changed, change, checkEpoch }
}

function staleEpoch(entity: Entity, id: Id, there: Document, stamp: Stamp): CrossfadeError {
  return new CrossfadeError(
    'TRY_AGAIN',
    `${entity.name} ${id} is at version ${formatVersion(versionOf(there))}, written after authority moved; ` +
      `a write of epoch ${stamp.epoch} is refused.`,
  )
}
