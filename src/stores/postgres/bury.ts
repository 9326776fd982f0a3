import { sql } from 'kysely'
import type { Entity } from '../../entity/entity.ts'
import { flagKeyOf } from '../../entity/flag-key.ts'
import { byWeight } from '../../util/weigh.ts'
import type { Image } from '../store.ts'
import { keepTombstones, lockRecords, maxLocked, mayPut, noteOwed, versions } from './bookkeeping.ts'
import type { PostgresConnection } from './connection.ts'
import { isTooLong } from './errors.ts'
import { isRefused } from './refusals.ts'
import { tableOf } from './select.ts'

/** One transaction: under the records' locks nothing comes between the look for their rows and the tombstones. */
async function buryTogether(
  connection: PostgresConnection,
  entity: Entity,
  tombstones: readonly Image[],
  under: number,
): Promise<void> {
  const lost = sql`(select n.* from ${versions(entity, tombstones)}
    where not exists (select from ${tableOf(entity)} where t.id = n.id)) as lost`
  const ids = tombstones.map(({ id }) => id)
  try {
    await connection.transaction(
      (tx) =>
        tx.commit([
          mayPut(entity, under),
          lockRecords(entity, ids),
          sql`with kept as (${keepTombstones(entity, lost)}) ${noteOwed(entity, sql`kept`)}`,
        ]),
      flagKeyOf(entity),
    )
  } catch (error) {
    if (!isTooLong(error)) throw error
    // No tombstone has room for an id that no key of a table has room for either: nothing ever comes of it
    if (tombstones.length > 1) for (const each of tombstones) await buryTogether(connection, entity, [each], under)
  }
}

/** See `Authority.bury`. */
export async function bury(
  connection: PostgresConnection,
  entity: Entity,
  tombstones: readonly Image[],
  under: number,
): Promise<boolean> {
  try {
    for (const some of byWeight(tombstones, Number.POSITIVE_INFINITY, maxLocked))
      await buryTogether(connection, entity, some, under)
    return true
  } catch (error) {
    if (isRefused(error, 'overtaken')) return false
    throw error
  }
}
