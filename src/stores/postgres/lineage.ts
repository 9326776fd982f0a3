import { sql } from 'kysely'
import { isTrouble } from '../failure.ts'
import type { PostgresConnection } from './connection.ts'
import { failureOf } from './errors.ts'

/**
 * The cluster, and the timeline of its log, which a standby that takes over and a restored server leave for a new one; see
 * https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES. Null where the server does not tell.
 *
 * @throws while the server recovers: it answers reads by then, and takes its new timeline only at the end.
 */
export async function postgresLineage(connection: PostgresConnection): Promise<string | null> {
  let lineage: string | null
  try {
    const [row] = await connection.run<{ lineage: string | null }>(
      sql`select case when not pg_is_in_recovery() then
            system_identifier || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) end as lineage
          from pg_control_system()`,
    )
    lineage = row!.lineage
  } catch (error) {
    const failure = failureOf(error)
    if (failure === 'forbidden' || failure === 'unfit' || !isTrouble(failure)) return null
    throw error
  }
  if (lineage === null) throw new Error('PostgreSQL recovers, or is a standby, and does not take writes yet')
  return lineage
}
