import { sql } from 'kysely'
import type { Entity, Id } from '../../entity/entity.ts'
import { cutsOf, idsPerRange, rangesOf } from '../cuts.ts'
import type { PostgresConnection } from './connection.ts'
import { quote } from './ddl.ts'
import { isOfType, wholeTable } from './of-type.ts'

/** Blocks that tell how many rows there are, about, where nobody has analyzed the table. */
const blocksLooked = 200

/**
 * See `Store.cuts`. Blocks are chosen by chance, and one row of each: the least would be an early one wherever rows do not
 * lie in the order of their ids.
 */
export async function cuts(
  connection: PostgresConnection,
  entity: Entity,
  records: number,
  most: number,
): Promise<Id[]> {
  const block = sql`(t.ctid::text::point)[0]`
  const [size] = await connection.run<{ blocks: number }>(
    sql`select (pg_relation_size(to_regclass(${quote(entity.postgres)})) /
        current_setting('block_size')::int)::float8 as blocks`,
  )
  const blocks = size!.blocks
  const percent = (wanted: number): number => Math.min(100, (100 * wanted) / Math.max(1, blocks))
  const [found] = await connection.run<{ perBlock: number | null }>(
    sql`select (count(*) filter (where ${isOfType(entity)})::float8 / nullif(count(distinct ${block}), 0))::float8 as "perBlock"
        from ${wholeTable(entity)} tablesample system (${percent(blocksLooked)}::float8)`,
  )
  const ranges = rangesOf(blocks * (found!.perBlock ?? 0), records, most)
  if (ranges === 1) return []
  const rows = await connection.run<{ id: Id }>(
    sql`select distinct on (${block}) t.id
        from ${wholeTable(entity)} tablesample system (${percent(ranges * idsPerRange)}::float8)
        where ${isOfType(entity)} order by ${block}, random()`,
  )
  return cutsOf(
    entity,
    rows.map(({ id }) => id),
    ranges,
  )
}
