import { type RawBuilder, sql } from 'kysely'
import pg from 'pg'
import type { PostgresConnection } from './connection.ts'
import { ConnectionFailure } from './connection-failure.ts'
import type { Rows } from './executor.ts'

/** Of `crossfade.may_write` and of the triggers, which share it until their transactions end. */
const keyOf = (type: string) => sql`hashtextextended(${`flag/${type}`}, 0)`

/** `lock_not_available`: not within the session's `lock_timeout`. */
const isHeld = (error: unknown): boolean => error instanceof pg.DatabaseError && error.code === '55P03'

/** Who has written the type in a transaction that is open still. */
const writers = (type: string) => sql<{ pid: number; user: string | null }>`
  select l.pid, a.usename as user from pg_locks l left join pg_stat_activity a on a.pid = l.pid, ${keyOf(type)} as key
  where l.locktype = 'advisory' and l.objsubid = 1 and l.mode = 'ShareLock' and l.granted
    and l.database = (select oid from pg_database where datname = current_database())
    and (l.classid::bigint << 32 | l.objid::bigint) = key order by l.pid`

/**
 * Runs a change of a type's flag behind writes that the flag lets go on, and in front of those that have to see the change.
 *
 * @throws ConnectionFailure `busy` where such a write is not committed in time; it names whose.
 */
export async function changeFlag(
  connection: PostgresConnection,
  type: string,
  change: RawBuilder<unknown>,
): Promise<Rows<unknown>> {
  try {
    const lock = sql`select pg_advisory_xact_lock(${keyOf(type)})`
    return await connection.transaction((tx) => tx.commit([lock, change]))
  } catch (error) {
    if (!isHeld(error)) throw error
    const open = await connection.run<{ pid: number | null; user: string | null }>(writers(type))
    if (open.length === 0) throw error
    const who = open.map(
      ({ pid, user }) => `process ${pid ?? 'of a prepared transaction'}${user ? ` (user ${user})` : ''}`,
    )
    const text = `${type} was written in a transaction that is open still, and its stage cannot change before that ends`
    throw new ConnectionFailure('busy', `${text}: ${who.join(', ')}. \`select pg_terminate_backend(…)\` ends one`, {
      cause: error,
    })
  }
}
