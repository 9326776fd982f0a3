import { sql } from 'kysely'
import type { PostgresConnection } from './connection.ts'
import type { Pooling } from './pooler.ts'

/** What the server has room for, and what its commits promise. */
export interface Capacity {
  readonly pooling: Pooling
  /** Connections that the gateway's user can have at most, reserved ones taken off, and what sets the limit. */
  readonly connections: number
  readonly limitedBy: string
  /** `synchronous_standby_names`; null where a standby may lack what was acknowledged. */
  readonly standbys: string | null
}

interface Row {
  readonly server: number
  readonly role: number
  readonly database: number
  readonly standbys: string
}

export async function capacityOf(connection: PostgresConnection): Promise<Capacity> {
  const pooling = await connection.pooling()
  // Before 16 there was one kind of reserved ones
  const [row] = await connection.run<Row>(
    sql`select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                 - coalesce(current_setting('reserved_connections', true)::int, 0) as server,
               (select rolconnlimit from pg_roles where rolname = current_user) as role,
               (select datconnlimit from pg_database where datname = current_database()) as database,
               current_setting('synchronous_standby_names') as standbys`,
  )
  const { server, role, database, standbys } = row!
  const limits = [
    ['max_connections, less what is reserved', server],
    ['the connection limit of the role', role],
    ['the connection limit of the database', database],
  ] as const
  const [limitedBy, connections] = limits.filter(([, limit]) => limit >= 0).sort((a, b) => a[1] - b[1])[0]!
  return { pooling, connections, limitedBy, standbys: standbys === '' ? null : standbys }
}
