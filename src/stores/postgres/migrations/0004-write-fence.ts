import { type Kysely, sql } from 'kysely'

/**
 * Whether a write may go on, by the type's flag, under a lock that whoever changes the flag takes exclusively: so a write
 * either commits before the flag changes, or sees it. A type without a flag has never been moved. Raises, since what
 * follows in the transaction is sent already.
 */
const mayWrite = `
  create function crossfade.may_write(type text, writer bigint, stages text[]) returns void language plpgsql as $$
  declare
    flag jsonb;
  begin
    perform pg_advisory_xact_lock_shared(hashtextextended('flag/' || type, 0));
    select value into flag from crossfade.ledger where kind = 'flag' and key = type;
    if flag is not null and (flag ->> 'state' = 'handed' or (flag ->> 'epoch')::bigint <> writer
        or not flag ->> 'stage' = any(stages)) then
      raise exception 'authority over % has moved', type using errcode = 'CF001';
    end if;
  end $$`

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(mayWrite).execute(db)
}
