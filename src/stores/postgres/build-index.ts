import { sql } from 'kysely'
import type { PostgresConnection } from './connection.ts'
import { quote } from './ddl.ts'
import { withoutLimits } from './without-limits.ts'

/** The name in a statement of `createIndexConcurrently`. */
const nameIn = (statement: string): string | undefined =>
  /^create (?:unique )?index concurrently ("(?:[^"]|"")+")/.exec(statement)?.[1]

/**
 * Builds an index while its table is in use, for as long as it takes; what a build that failed has left is dropped.
 *
 * @param statement of `createIndexConcurrently`.
 */
export const buildIndex = (connection: PostgresConnection, statement: string): Promise<void> =>
  withoutLimits(connection, async (client) => {
    try {
      await client.query(statement)
    } catch (error) {
      const name = nameIn(statement)
      if (name) await client.query(`drop index concurrently if exists ${name}`)
      throw error
    }
  })

/** Indexes of a table that a build has left unfinished, and that nobody is building. */
export async function unfinishedIndexes(connection: PostgresConnection, table: string): Promise<string[]> {
  const found = await connection.run<{ name: string }>(
    sql`select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
        where i.indrelid = to_regclass(${quote(table)}) and not i.indisvalid
          and not exists (select from pg_stat_progress_create_index p where p.index_relid = i.indexrelid)
        order by 1`,
  )
  return found.map(({ name }) => name)
}
