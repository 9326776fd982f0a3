import { sql } from 'kysely'
import { isTrouble } from '../failure.ts'
import type { PostgresConnection } from './connection.ts'
import { failureOf } from './errors.ts'

/**
 * The cluster, and the timeline of its log, which a standby that takes over and a restored server leave for a new one; see
 * https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES. Null where the server does not tell.
 */
export async function postgresLineage(connection: PostgresConnection): Promise<string | null> {
  try {
    const [row] = await connection.run<{ lineage: string }>(
      sql`select system_identifier || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) as lineage
          from pg_control_system()`,
    )
    return row!.lineage
  } catch (error) {
    const failure = failureOf(error)
    if (failure === 'forbidden' || failure === 'unfit' || !isTrouble(failure)) return null
    throw error
  }
}
