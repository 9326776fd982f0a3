import { sql } from 'kysely'
import type { Entity, Id, Leaf } from '../../entity/entity.ts'
import type { PostgresConnection } from './connection.ts'
import { quote } from './ddl.ts'
import { columnOf, tableOf } from './select.ts'

/** A valid index without a filter, or what stands behind a constraint. Expressions have no column. */
export interface PostgresIndex {
  readonly name: string
  readonly columns: readonly string[]
  readonly method: string
  readonly unique: boolean
}

export async function postgresIndexes(
  connection: PostgresConnection,
  table: string,
): Promise<readonly PostgresIndex[]> {
  return connection.run<PostgresIndex>(
    sql`select c.relname as name, m.amname as method, i.indisunique as unique,
          array(select a.attname::text from unnest(i.indkey) with ordinality k(number, n)
                join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number order by k.n) as columns
        from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam
        where i.indrelid = to_regclass(${quote(table)}) and i.indisvalid and i.indpred is null
        order by 1`,
  )
}

/** Values that more than one record holds, most frequent first, with the first ids of each. Nulls may repeat. */
export async function duplicates(
  connection: PostgresConnection,
  entity: Entity,
  leaves: readonly Leaf[],
  limit: number,
): Promise<readonly { readonly count: number; readonly ids: readonly Id[] }[]> {
  const columns = sql.join(leaves.map(columnOf))
  const notNull = sql.join(
    leaves.map((leaf) => sql`${columnOf(leaf)} is not null`),
    sql` and `,
  )
  const rows = await connection.run<{ count: string; ids: Id[] }>(
    sql`select count(*) as count, (array_agg(t.id order by t.id))[1:10] as ids from ${tableOf(entity)}
        where ${notNull} group by ${columns} having count(*) > 1 order by count(*) desc, 2 limit ${limit}::int`,
  )
  return rows.map(({ count, ids }) => ({ count: Number(count), ids }))
}
