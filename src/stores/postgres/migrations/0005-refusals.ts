import { type Kysely, sql } from 'kysely'

/**
 * What a statement raises that has to stop those sent behind it. The state is one of ours, which PostgreSQL has no meaning
 * for. Volatile, so that no plan evaluates it beforehand.
 */
const refuse = `
  create function crossfade.refuse(state text) returns boolean language plpgsql volatile as $$
  begin
    raise exception 'Crossfade refuses this write' using errcode = state;
  end $$`

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(refuse).execute(db)
}
