import type { Document, MongoServerError } from 'mongodb'
import { Refused } from '../../codec/refused.ts'
import type { Entity } from '../../entity/entity.ts'
import { settleIfArriving } from './arriving.ts'
import { isArriving, isPending, versionOf } from './bookkeeping.ts'
import { decodeId } from './codec/decode.ts'
import type { MongoConnection } from './connection.ts'
import { finishDelete } from './tombstone.ts'
import { hiddenHolders } from './unique-values.ts'

/**
 * Settles documents that readers do not see: finishes deletes that were acknowledged, and reveals or removes what puts
 * have left. @returns how many there were.
 */
export async function settleHidden(
  connection: MongoConnection,
  entity: Entity,
  hidden: readonly Document[],
): Promise<number> {
  for (const document of hidden) {
    if (isArriving(document)) {
      await settleIfArriving(connection, entity, document)
      continue
    }
    const id = decodeId(entity, document['_id'])
    if (id instanceof Refused) continue
    await finishDelete(connection, entity, id, versionOf(document), isPending(document))
  }
  return hidden.length
}

/** The same of those that hold the unique value that an index has refused. */
export const settleHolders = async (
  connection: MongoConnection,
  entity: Entity,
  error: MongoServerError,
): Promise<number> => settleHidden(connection, entity, await hiddenHolders(connection, entity, error))
