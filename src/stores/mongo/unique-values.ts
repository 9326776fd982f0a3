import type { ClientSession, Document, MongoServerError } from 'mongodb'
import { Refused } from '../../codec/refused.ts'
import type { Entity, Id } from '../../entity/entity.ts'
import { valueAt } from '../../entity/values.ts'
import { isPlainObject } from '../../util/json.ts'
import type { Image, PutOutcome } from '../store.ts'
import { compareVersions } from '../version.ts'
import { allOf } from './all-of.ts'
import { atVersion, hidden, holding, versionOf } from './bookkeeping.ts'
import { decodeId, decodeRecord, rawText } from './codec/decode.ts'
import { encodeId } from './codec/encode.ts'
import type { MongoConnection } from './connection.ts'
import { isDuplicate, pathsRefused } from './errors.ts'
import { idText, idTextOf } from './id-text.ts'

/** Matches documents with the values that a unique index refused; null where the server did not tell them. */
function withRefused(error: MongoServerError): Document[] | null {
  const refused: unknown = error['keyValue']
  // Under a collation it tells keys of its own, and not the values
  if (!isPlainObject(refused) || error['collation']) return null
  return pathsRefused(error).map((path): Document => ({ [path]: { $eq: refused[path] ?? null } }))
}

/** Documents that readers do not see, and hold the values: marked deleted, or arriving. */
export async function hiddenHolders(
  connection: MongoConnection,
  entity: Entity,
  error: MongoServerError,
): Promise<Document[]> {
  const conditions = withRefused(error)
  if (!conditions) return []
  return connection
    .collection(entity)
    .find(allOf(hidden, ...conditions), { projection: { _id: 1, _cf: 1 } })
    .toArray()
}

/** Which records hold the values that a unique index refused, as the server tells them; null finds what is missing, too. */
export async function holders(
  connection: MongoConnection,
  entity: Entity,
  image: Image,
  error: MongoServerError,
): Promise<PutOutcome> {
  const constraint = pathsRefused(error).join(', ')
  const conditions = withRefused(error)
  if (!conditions) return { put: 'blocked', constraint, by: [] }
  const found = await connection
    .collection(entity)
    .find(allOf(holding, { _id: { $ne: encodeId(entity, image.id) } }, ...conditions), {
      projection: { _id: 1 },
    })
    .toArray()
  const by = found.map(({ _id }): Id => {
    const id = decodeId(entity, _id)
    return id instanceof Refused ? rawText(_id) : id
  })
  return { put: 'blocked', constraint, by }
}

/** A document whose unique values are parked. */
export interface Parked {
  /** Matches it as long as they are. */
  readonly filter: Document
  readonly values: Document
}

const rawAt = (document: Document, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (value as Document)[key], document)

/**
 * Unique values that the images are about to exchange are parked: Mongo checks each document by itself.
 *
 * @param stored the documents as they are, by the text of their id.
 * @param session of a transaction, outside of which nobody sees what is parked.
 */
export async function park(
  connection: MongoConnection,
  entity: Entity,
  images: readonly Image[],
  stored: ReadonlyMap<string, Document>,
  session?: ClientSession,
): Promise<Parked[]> {
  const unique = [...entity.leaves.values()].filter((leaf) => leaf.unique)
  const done: Parked[] = []
  for (const image of images) {
    const document = stored.get(idTextOf(entity, image.id))
    if (!document || compareVersions(versionOf(document), image.version) >= 0) continue
    const filter = allOf({ _id: document['_id'] }, atVersion(versionOf(document)))
    const record = decodeRecord(image.id, entity.nodes, document)
    // Null needs no parking, and its parents may be missing
    const paths = unique.filter((leaf) => valueAt(record, leaf.keys) !== null).map((leaf) => leaf.mongo)
    if (paths.length === 0) continue
    const parked = Object.fromEntries(paths.map((path) => [path, `parked ${idText(document['_id'])}`]))
    await connection.collection(entity).updateOne(filter, { $set: parked }, session && { session })
    const values = Object.fromEntries(paths.map((path) => [path, rawAt(document, path)]))
    done.push({ filter: allOf(filter, parked), values })
  }
  return done
}

/** Gives back what is still parked. One whose value another has taken meanwhile stays as it is, and owed. */
export async function unpark(connection: MongoConnection, entity: Entity, parked: readonly Parked[]): Promise<void> {
  for (const { filter, values } of parked)
    await connection
      .collection(entity)
      .updateOne(filter, { $set: values })
      .catch((error: unknown) => {
        if (!isDuplicate(error)) throw error
      })
}
