import { type Kysely, sql } from 'kysely'

/** Whether a put may go on, by the type's flag and under its lock; see `crossfade.may_write`. */
const mayPut = `
  create function crossfade.may_put(type text, under bigint) returns void language plpgsql as $$
  declare
    epoch bigint;
  begin
    perform pg_advisory_xact_lock_shared(hashtextextended('flag/' || type, 0));
    select (value ->> 'epoch')::bigint into epoch from crossfade.ledger where kind = 'flag' and key = type;
    if epoch > under then
      raise exception 'the flag of % is of a later epoch', type using errcode = 'CF008';
    end if;
  end $$`

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(mayPut).execute(db)
}
