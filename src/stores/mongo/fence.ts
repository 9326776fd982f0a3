import { z } from 'zod'
import type { Entity } from '../../entity/entity.ts'
import { flagKeyOf } from '../../entity/flag-key.ts'
import { flagKind, parseAs } from '../ledger.ts'
import type { MongoConnection } from './connection.ts'
import { mongoLedger } from './ledger.ts'

const form = z.object({ epoch: z.number() })

/**
 * Whether the type's flag in this store is of a later epoch than whoever puts knows. A type without a flag has never been
 * moved. MongoDB cannot ask this and write in one operation: it is asked behind an insert that nobody sees yet, and behind
 * the read of what is to be removed.
 */
export async function isOvertaken(connection: MongoConnection, entity: Entity, under: number): Promise<boolean> {
  const entry = await mongoLedger(connection).get(flagKind, flagKeyOf(entity))
  const epoch = entry && parseAs(form, entry.value)?.epoch
  return typeof epoch === 'number' && epoch > under
}
