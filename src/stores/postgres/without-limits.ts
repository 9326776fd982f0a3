import type pg from 'pg'
import type { PostgresConnection } from './connection.ts'

/** A session of its own, that is thrown away: a build, or a look at a whole table, takes as long as it takes, and what it must wait for. */
export async function withoutLimits<T>(
  connection: PostgresConnection,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await connection.connect()
  try {
    await client.query('set statement_timeout = 0; set lock_timeout = 0')
    return await work(client)
  } finally {
    client.release(true)
  }
}
