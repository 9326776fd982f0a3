import { type RawBuilder, sql } from 'kysely'
import type { Entity, Id } from '../../entity/entity.ts'
import type { Duplicates, UniqueKey } from '../unique-key.ts'
import type { PostgresConnection } from './connection.ts'
import { quote } from './ddl.ts'
import { keyRows } from './key-conditions.ts'
import { compile } from './prepared.ts'
import { columnOf, tableOf } from './select.ts'
import { withoutLimits } from './without-limits.ts'

/** An index as the catalog has it. Expressions have no column. */
export interface PostgresIndex {
  readonly name: string
  readonly columns: readonly string[]
  /** Columns that it holds and does not compare. */
  readonly carried: readonly string[]
  readonly method: string
  readonly unique: boolean
  /** False for one that a build left unfinished. */
  readonly valid: boolean
  /** Null counts like a value. */
  readonly nullsNotDistinct: boolean
  /** SQL; null where it holds for all rows. */
  readonly predicate: string | null
  /** Ascending, nulls last, for all keys. */
  readonly plainOrder: boolean
  /** Whether its constraint can be deferred; null where no constraint stands on it. */
  readonly deferrable: boolean | null
}

export async function postgresIndexes(
  connection: PostgresConnection,
  table: string,
): Promise<readonly PostgresIndex[]> {
  const columns = (where: RawBuilder<unknown>) =>
    sql`array(select a.attname::text from unnest(i.indkey) with ordinality k(number, n)
          join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number where ${where} order by k.n)`
  // As JSON, since the catalog has no such column before PostgreSQL 15
  const notDistinct = sql`coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false)`
  return connection.run<PostgresIndex>(
    sql`select c.relname as name, m.amname as method, i.indisunique as unique, i.indisvalid as valid,
          ${notDistinct} as "nullsNotDistinct", pg_get_expr(i.indpred, i.indrelid) as predicate,
          0 = all(i.indoption) as "plainOrder", k.condeferrable as deferrable,
          ${columns(sql`k.n <= i.indnkeyatts`)} as columns, ${columns(sql`k.n > i.indnkeyatts`)} as carried
        from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam
        left join pg_constraint k on k.conindid = c.oid and k.contype in ('p', 'u')
        where i.indrelid = to_regclass(${quote(table)})
        order by 1`,
  )
}

/** The names of tables, indexes and the like, which are taken from one another. */
export async function relationNames(connection: PostgresConnection): Promise<readonly string[]> {
  const found = await connection.run<{ name: string }>(
    sql`select relname as name from pg_class where relnamespace = any(current_schemas(false)::regnamespace[])`,
  )
  return found.map(({ name }) => name)
}

/** Values that more than one record holds, most frequent first, with the first ids of each. */
export async function duplicates(
  connection: PostgresConnection,
  entity: Entity,
  key: UniqueKey,
  limit: number,
): Promise<readonly Duplicates[]> {
  const columns = sql.join(key.leaves.map(columnOf))
  const { prepared, values } = compile(
    sql`select count(*) as count, (array_agg(t.id order by t.id))[1:10] as ids from ${tableOf(entity)}
        where ${keyRows(key)} group by ${columns} having count(*) > 1 order by count(*) desc, 2 limit ${limit}::int`,
  )
  const { rows } = await withoutLimits(connection, (client) =>
    client.query<{ count: string; ids: Id[] }>(prepared.text, [...values]),
  )
  return rows.map(({ count, ids }) => ({ count: Number(count), ids }))
}
