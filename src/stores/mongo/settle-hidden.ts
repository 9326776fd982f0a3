import type { Document, MongoServerError } from 'mongodb'
import { Refused } from '../../codec/refused.ts'
import type { Entity } from '../../entity/entity.ts'
import { settleIfArriving } from './arriving.ts'
import { isArriving, isPending, versionOf } from './bookkeeping.ts'
import { decodeId } from './codec/decode.ts'
import type { MongoConnection } from './connection.ts'
import { nextAbove } from './restamp.ts'
import { finishDelete } from './tombstone.ts'
import { hiddenHolders } from './unique-values.ts'

/**
 * Settles documents that readers do not see: finishes deletes that were acknowledged, and reveals or removes what puts
 * have left. A delete of ours is owed where there is a mirror; one that is not was marked by another program, at the
 * version that the mirror has, so that its tombstone goes above.
 *
 * @returns how many there were.
 */
export async function settleHidden(
  connection: MongoConnection,
  entity: Entity,
  hidden: readonly Document[],
  isMirrored: boolean,
): Promise<number> {
  for (const document of hidden) {
    if (isArriving(document)) {
      await settleIfArriving(connection, entity, document)
      continue
    }
    const id = decodeId(entity, document['_id'])
    if (id instanceof Refused) continue
    const version = versionOf(document)
    const above = isMirrored ? nextAbove(version, version) : null
    await finishDelete(connection, entity, id, version, isPending(document) ? version : above)
  }
  return hidden.length
}

/** The same of those that hold the unique value that an index has refused. */
export const settleHolders = async (
  connection: MongoConnection,
  entity: Entity,
  error: MongoServerError,
  isMirrored: boolean,
): Promise<number> => settleHidden(connection, entity, await hiddenHolders(connection, entity, error), isMirrored)
