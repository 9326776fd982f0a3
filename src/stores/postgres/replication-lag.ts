import { sql } from 'kysely'
import type { PostgresConnection } from './connection.ts'

/**
 * By how much the standby that is furthest behind is so, in milliseconds; null where there is none, or the role may not
 * see it (`pg_monitor`). Source: PostgreSQL manual, "pg_stat_replication"
 */
export async function replicationLag(connection: PostgresConnection): Promise<number | null> {
  const [row] = await connection.run<{ ms: number | null }>(
    sql`select (extract(epoch from max(replay_lag)) * 1000)::float8 as ms from pg_stat_replication`,
  )
  return row!.ms
}
