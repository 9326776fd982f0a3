import { type Kysely, sql } from 'kysely'

/** What was found of one record is asked for by its id. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(`create index mismatch_examples_id on crossfade.mismatch_examples (id)`).execute(db)
}
