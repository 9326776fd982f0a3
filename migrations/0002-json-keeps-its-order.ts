import { type Kysely, sql } from 'kysely'

// Rewrites the table; jsonb sorts the keys of objects, which clients see.
const statements = [`alter table "users" alter column "preferences" type json using "preferences"::json`]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
