import type { Entity, Id } from '../../entity/entity.ts'
import { compareVersions, type Version } from '../version.ts'
import { allOf } from './all-of.ts'
import { atVersion, mirrored, object, owedSince } from './bookkeeping.ts'
import { encodeId } from './codec/encode.ts'
import type { MongoConnection } from './connection.ts'

/** The next version above both. */
export function nextAbove(a: Version, b: Version): Version {
  const { epoch, counter } = compareVersions(a, b) > 0 ? a : b
  return { epoch, counter: counter + 1 }
}

/** Gives a document another version and keeps it owed, where it is still at the one given. */
export async function restampDocument(
  connection: MongoConnection,
  entity: Entity,
  id: Id,
  version: Version,
  next: Version,
): Promise<boolean> {
  const change = { $set: { _cf: { $mergeObjects: [object, { ...mirrored(next), pending: owedSince }] } } }
  const asItIs = allOf({ _id: encodeId(entity, id) }, atVersion(version))
  return (await connection.collection(entity).updateOne(asItIs, [change])).matchedCount === 1
}
