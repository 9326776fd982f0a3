import { type RawBuilder, sql } from 'kysely'
import type { Entity, Id } from '../../entity/entity.ts'
import { flagKeyOf } from '../../entity/flag-key.ts'
import { CrossfadeError } from '../../util/errors.ts'
import { KeyedQueue, type QueueBounds } from '../../util/keyed-queue.ts'
import type { Authority } from '../store.ts'
import { compareVersions, type Version } from '../version.ts'
import { ids, lockRecords, noteOwed } from './bookkeeping.ts'
import { bury } from './bury.ts'
import type { PostgresConnection } from './connection.ts'
import { writeError } from './errors.ts'
import type { Rows } from './executor.ts'
import { isOfType, wholeTable } from './of-type.ts'
import { imagesIn } from './outbox.ts'
import { recordWrites } from './record-writes.ts'
import { tableOf } from './select.ts'
import { together } from './together.ts'

type Sql = RawBuilder<unknown>

/** @param beside see `together`. */
export function postgresAuthority(connection: PostgresConnection, beside: PostgresConnection): Authority {
  // Writers of a hot record wait here, not each with a connection in its hand.
  const queue = new KeyedQueue()
  const bounds = ({ name }: Entity): QueueBounds => ({
    waitMs: connection.statementTimeoutMs / 2, // as long as the first of them waits for a lock
    most: 1_000,
    refused: () => new CrossfadeError('TRY_AGAIN', `The same record of ${name} is written by others; try again.`),
  })

  /** One transaction on one record, under its lock, in one way to the server and back; returns the last one's rows. */
  async function onRecord<T>(entity: Entity, id: Id, statements: readonly Sql[]): Promise<Rows<T>> {
    const write = (): Promise<Rows<T>> => connection.transaction((tx) => tx.commit<T>(statements), flagKeyOf(entity))
    try {
      return await queue.run(`${entity.name}/${id}`, bounds(entity), write)
    } catch (error) {
      throw await writeError(connection, entity, error)
    }
  }

  async function restamp(entity: Entity, id: Id, version: Version, above: Version): Promise<boolean> {
    const next = compareVersions(version, above) > 0 ? version : above
    const [epoch, counter] = [sql`${next.epoch}::bigint`, sql`${next.counter + 1}::bigint`]
    const present = sql`(${version.epoch}::bigint, ${version.counter}::bigint)`
    const alive = sql`update ${wholeTable(entity)} set _cf_epoch = ${epoch}, _cf_counter = ${counter}
      where t.id = ${id} and ${isOfType(entity)} and (t._cf_epoch, t._cf_counter) = ${present} returning t.id::text as id`
    const dead = sql`update crossfade.tombstones set epoch = ${epoch}, counter = ${counter}, at = now()
      where entity = ${entity.name} and id = ${String(id)} and (epoch, counter) = ${present}
        and not exists (select from alive) returning id`
    const found = sql`select id, ${epoch} as epoch, ${counter} as counter from alive union all
      select id, ${epoch}, ${counter} from dead`
    const rows = await onRecord(entity, id, [
      lockRecords(entity, [id]),
      sql`with alive as (${alive}), dead as (${dead}), found as (${found}), note as (${noteOwed(entity, sql`found`)})
          select id from found`,
    ])
    return rows.length > 0
  }

  /** A note that is there already keeps its version: it may be of a write that came later. */
  async function owe(entity: Entity, wanted: readonly Id[]): Promise<void> {
    await connection.run(
      sql`with alive as (
            select t.id::text as id, t._cf_epoch as epoch, t._cf_counter as counter from ${tableOf(entity)}
            where t.id = any(${ids(entity, wanted)})),
          dead as (
            select id, epoch, counter from crossfade.tombstones
            where entity = ${entity.name} and id = any(${wanted.map(String)}::text[])
              and id not in (select id from alive))
          insert into crossfade.pending (entity, id, epoch, counter)
          select ${entity.name}, id, epoch, counter from (select * from alive union all select * from dead) as present
          on conflict (entity, id) do nothing`,
    )
  }

  return {
    ...recordWrites(connection, onRecord),
    together: (...asked) => together(connection, beside, ...asked),
    restamp,
    images: (entity, ids) => imagesIn(connection, connection, entity, ids),
    owe,
    bury: (entity, tombstones, under) => bury(connection, entity, tombstones, under),
    settleHidden: async () => 0, // one transaction: nothing of it is seen before its end
  }
}
