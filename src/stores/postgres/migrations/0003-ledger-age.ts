import { type Kysely, sql } from 'kysely'

/** Entries know when they were written, by the server's clock: signs of life are as old as it says. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const column = 'at timestamptz not null default clock_timestamp()'
  await sql.raw(`alter table crossfade.ledger add ${column}`).execute(db)
}
