import { type RawBuilder, sql } from 'kysely'
import type { Entity, Id } from '../../entity/entity.ts'
import type { IdRange } from '../store.ts'
import { postgresKind } from './codec/postgres-kinds.ts'
import type { PostgresConnection } from './connection.ts'
import { isOfType, wholeTable } from './of-type.ts'
import { tableOf } from './select.ts'

/**
 * See `Store.spread`. Each range begins behind a row of a block that the server chooses by chance, and walks the index of
 * the ids. Not every server has a `min` of UUIDs.
 */
export async function spread(
  connection: PostgresConnection,
  entity: Entity,
  ranges: number,
  records: number,
): Promise<IdRange[]> {
  const { cast } = postgresKind(entity.idKind)
  const [size] = await connection.run<{ blocks: number }>(
    sql`select (pg_relation_size(to_regclass(${`"${entity.postgres.replaceAll('"', '""')}"`})) /
        current_setting('block_size')::int)::float8 as blocks`,
  )
  // Twice as many as are wanted, since each block is chosen by itself
  const percent = Math.min(100, (200 * ranges) / Math.max(1, size!.blocks))
  const rows = await connection.run<{ id: Id }>(
    sql`select (array_agg(t.id order by t.id))[1] as id from ${wholeTable(entity)} tablesample system (${percent}::float8)
        where ${isOfType(entity)} group by (t.ctid::text::point)[0] order by 1`,
  )
  const step = Math.max(1, rows.length / ranges)
  const nth = async (which: RawBuilder<unknown>): Promise<Id | null> => {
    const [found] = await connection.run<{ id: Id }>(sql`select t.id from ${tableOf(entity)} ${which} limit 1`)
    return found?.id ?? null
  }
  const points = new Set(
    Array.from({ length: Math.min(ranges, rows.length) }, (_, n) => rows[Math.floor(n * step)]!.id),
  )
  return Promise.all(
    [...points].map(async (after) => {
      const upTo = await nth(sql`where t.id > ${after}::${sql.raw(cast)} order by t.id offset ${records - 1}::int`)
      // Near the end there are fewer, down to none behind the last: then it is of the last ones
      return upTo === null
        ? { after: await nth(sql`order by t.id desc offset ${records}::int`), upTo }
        : { after, upTo }
    }),
  )
}
