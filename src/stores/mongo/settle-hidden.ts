import type { Document, MongoServerError } from 'mongodb'
import { Refused } from '../../codec/refused.ts'
import type { Entity } from '../../entity/entity.ts'
import { isPending, versionOf } from './bookkeeping.ts'
import { decodeId } from './codec/decode.ts'
import type { MongoConnection } from './connection.ts'
import { finishDelete } from './tombstone.ts'
import { deletedHolders } from './unique-values.ts'

/** Finishes deletes that were acknowledged, of documents that are marked. @returns how many there were. */
export async function finishDeletes(
  connection: MongoConnection,
  entity: Entity,
  marked: readonly Document[],
): Promise<number> {
  for (const document of marked) {
    const id = decodeId(entity, document['_id'])
    if (id instanceof Refused) continue
    await finishDelete(connection, entity, id, versionOf(document), isPending(document))
  }
  return marked.length
}

/** The same of those that hold the unique value that an index has refused. */
export const finishHolders = async (
  connection: MongoConnection,
  entity: Entity,
  error: MongoServerError,
): Promise<number> => finishDeletes(connection, entity, await deletedHolders(connection, entity, error))
