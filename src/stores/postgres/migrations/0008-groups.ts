import { type Kysely, sql } from 'kysely'

/** The key of the flag that a type goes by: a group's that names it, else its own. */
const flagKey = `
  create function crossfade.flag_key(type text) returns text language sql stable as $$
    select coalesce((select key from crossfade.ledger where kind = 'flag' and value -> 'members' ? type
        and value ->> 'state' not in ('forming', 'retired') order by key limit 1), type)
  $$`

/**
 * As it was, by the flag that the type goes by. One that is joined to a group, or leaves it, between the look and the lock
 * is told so by the flag, which grants nothing any more.
 */
const otherWriter = `
  create or replace function crossfade.other_writer(type text, place text, out epoch bigint, out owed boolean)
  language plpgsql as $$
  declare
    name text := crossfade.flag_key(type);
    flag jsonb;
    plan record;
  begin
    perform pg_advisory_xact_lock_shared(hashtextextended('flag/' || name, 0));
    if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
      perform from crossfade.ledger where kind = 'flag' and key = name for share;
    end if;
    select value into flag from crossfade.ledger where kind = 'flag' and key = name;
    plan := crossfade.stage_plan(flag ->> 'stage');
    if flag is null or (plan.authority = 'mongo' and plan.mirror is null) then
      return;
    end if;
    if plan.authority is distinct from 'postgres' then
      raise exception '% is in stage %: MongoDB has its records, and a change of table % would be lost',
          type, flag ->> 'stage', place
        using errcode = 'CF005', hint = 'Write through the gateway, or to MongoDB. From stage live on, changes of the table are mirrored.';
    end if;
    if flag ->> 'state' <> 'steady' then
      raise exception 'authority over % is moving: table % cannot be changed for a moment', type, place
        using errcode = 'CF006', hint = 'Try again in a few seconds; \`crossfade stage list\` tells the stage.';
    end if;
    epoch := (flag ->> 'epoch')::bigint;
    owed := plan.mirror is not null;
  end $$`

/** Types that change together share one flag; triggers know of a table's type alone. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [flagKey, otherWriter]) await sql.raw(statement).execute(db)
}
