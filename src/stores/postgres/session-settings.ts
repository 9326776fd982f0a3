import { type RawBuilder, sql } from 'kysely'
import type pg from 'pg'

/**
 * What every session of ours is to have, whatever address, role or database say. `search_path` is theirs. As statements
 * and not as `options` of the address, which another `options` replaces and a pooler refuses. Whether transactions may
 * write is not ours to say: providers forbid it while a disk is full.
 */
const settings = (statementTimeoutMs: number): Readonly<Record<string, string>> => ({
  timezone: 'UTC',
  client_encoding: 'UTF8',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1', // the shortest text that is the same double
  standard_conforming_strings: 'on',
  transform_null_equals: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  statement_timeout: `${statementTimeoutMs}ms`,
  // A lock that is not to be had is told apart from a statement that takes long
  lock_timeout: `${Math.ceil(statementTimeoutMs / 2)}ms`,
  idle_in_transaction_session_timeout: `${statementTimeoutMs}ms`,
})

/** Waiting for standbys to apply is more than is asked for, and stays. */
const commits = (
  isLocal: boolean,
): string => `set_config('synchronous_commit', case current_setting('synchronous_commit')
  when 'remote_apply' then 'remote_apply' else 'on' end, ${isLocal})`

/** Gives a session what it is to have until its transaction ends, whatever that has made of it. */
export function settingsAgain(statementTimeoutMs: number): RawBuilder<unknown> {
  const calls = Object.entries(settings(statementTimeoutMs)).map(
    ([name, value]) => sql`set_config(${name}, ${value}, true)`,
  )
  return sql`select ${sql.join([sql.raw(commits(true)), ...calls])}`
}

/** Within this the server ends the statement of a connection that was closed, in milliseconds: see `leavers`. */
export const leaveMs = 1_000

/** Ends the statement of a client that has left, where the server can tell; elsewhere its limit does. */
const leavers = `case when version() ~ 'linux' and current_setting('client_connection_check_interval', true) is not null
  then set_config('client_connection_check_interval', '${leaveMs}ms', false) end`

/**
 * Makes a new connection's session ours, in one statement. The server refuses what it cannot set.
 *
 * @returns the server's number of the session, as it tells itself.
 */
export async function configureSession(client: pg.ClientBase, statementTimeoutMs: number): Promise<number> {
  const entries = Object.entries(settings(statementTimeoutMs))
  const calls = entries.map((_, n) => `set_config($${2 * n + 1}, $${2 * n + 2}, false)`)
  const text = `select pg_backend_pid() as pid, ${[commits(false), leavers, ...calls].join(', ')}`
  const { rows } = await client.query<{ pid: number }>({ text, values: entries.flat() })
  return rows[0]!.pid
}
