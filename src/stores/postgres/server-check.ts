import { sql } from 'kysely'
import type { Entity } from '../../entity/entity.ts'
import { impliedTables } from '../../entity/implied-tables.ts'
import { messageOf } from '../../util/errors.ts'
import type { PostgresConnection } from './connection.ts'
import { quote } from './ddl.ts'
import { failureOf } from './errors.ts'

/** One line a table that the user may not use as the gateway does. Tables that are missing are not its matter. */
async function missingRights(connection: PostgresConnection, entities: readonly Entity[]): Promise<string[]> {
  const names = entities.flatMap(impliedTables).map(({ name }) => quote(name))
  const rows = await connection.run<{ name: string; missing: string[] }>(
    sql`with tables as (
          select to_regclass(name) as id from unnest(${names}::text[]) name
          union select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where n.nspname = 'crossfade' and c.relkind in ('r', 'p') and c.relname not like '%migrations%')
        select t.id::regclass::text as name, array_agg(r order by n) as missing
        from tables t, unnest(array['select', 'insert', 'update', 'delete']) with ordinality rights(r, n)
        where t.id is not null and not has_table_privilege(t.id, r) group by 1 order by 1`,
  )
  return rows.map(
    ({ name, missing }) => `the user of DATABASE_URL may not ${missing.join(', ')} on ${name}: see docs/security.md.`,
  )
}

async function ask(connection: PostgresConnection, entities: readonly Entity[]): Promise<string[]> {
  const [row] = await connection.run<{ standby: boolean; closed: boolean; schema: string | null; own: boolean | null }>(
    sql`select pg_is_in_recovery() as standby, current_setting('default_transaction_read_only')::bool as closed,
               current_schema() as schema,
               has_schema_privilege(to_regnamespace('crossfade'), 'usage') as own`,
  )
  const { standby, closed, schema, own } = row!
  if (standby) return ['this server is a standby, which takes no writes. Name the primary in DATABASE_URL.']
  if (closed)
    return [
      'it lets nobody write (default_transaction_read_only is on for the database, the role or the server), as providers have it while a disk is full.',
    ]
  if (schema === null)
    return ['no schema of the search path is there for the user of DATABASE_URL: see search_path in docs/security.md.']
  if (own === false) return ['the user of DATABASE_URL may not use the schema crossfade: see docs/security.md.']
  return missingRights(connection, entities)
}

/**
 * What keeps PostgreSQL from being the gateway's, but for tables that are missing: each a line that names what is
 * missing and what to do; empty where nothing does. Never rejects.
 */
export async function postgresProblems(
  connection: PostgresConnection,
  entities: readonly Entity[],
): Promise<readonly string[]> {
  try {
    return (await ask(connection, entities)).map((line) => `PostgreSQL: ${line}`)
  } catch (error) {
    const remedy =
      failureOf(error) === 'forbidden' ? '. See user and password in DATABASE_URL, and docs/security.md' : ''
    return [`PostgreSQL: ${messageOf(error)}${remedy}.`]
  }
}
