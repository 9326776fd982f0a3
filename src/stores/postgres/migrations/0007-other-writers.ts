import { type Kysely, sql } from 'kysely'

/** As `STAGE_PLAN` has it, which a test holds it to: what a trigger asks cannot be asked of a gateway. */
const stagePlan = `
  create function crossfade.stage_plan(stage text, out authority text, out mirror text) language sql immutable as $$
    select case when stage in ('off', 'dualwrite', 'shadow') then 'mongo'
                when stage in ('live', 'rampdown', 'complete') then 'postgres' end,
           case when stage in ('dualwrite', 'shadow') then 'postgres'
                when stage in ('live', 'rampdown') then 'mongo' end
  $$`

/**
 * What the flag says of a change by somebody who is no gateway, under the lock of `may_write`, held to commit. The epoch
 * is null where the table is nobody's yet. Other isolation levels read as of before the lock, so that they refuse a flag
 * that was changed since.
 */
const otherWriter = `
  create function crossfade.other_writer(type text, place text, out epoch bigint, out owed boolean) language plpgsql as $$
  declare
    flag jsonb;
    plan record;
  begin
    perform pg_advisory_xact_lock_shared(hashtextextended('flag/' || type, 0));
    if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
      perform from crossfade.ledger where kind = 'flag' and key = type for share;
    end if;
    select value into flag from crossfade.ledger where kind = 'flag' and key = type;
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

/** As the gateway counts, see `nextCounter`. */
const counterAfter = `
  create function crossfade.counter_after(counter bigint) returns bigint language sql volatile as $$
    select case when counter > 0 then counter + 1 else (extract(epoch from clock_timestamp()) * 1000)::bigint end
  $$`

const refuseNewer = `
  create function crossfade.refuse_newer(type text, id text, known bigint, epoch bigint) returns void language plpgsql as $$
  begin
    if known > epoch then
      raise exception '% % was written in epoch %, and its flag knows % alone', type, id, known, epoch
        using errcode = 'CF002', hint = 'The flag was lost or restored: see \`crossfade stage list\` and \`crossfade stage reset\`.';
    end if;
  end $$`

/** Runs as its owner: who may change a table need not have rights on what is kept here. */
const trigger = (name: string, declared: string, body: string, result: string): string => `
  create function crossfade.${name}() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
  declare
    writer record;
    ${declared}
  begin
    writer := crossfade.other_writer(tg_argv[0], tg_table_name);
    if writer.epoch is not null then
      ${body}
    end if;
    ${result}
  end $$`

const ignored = 'return null;'
const goesOn = `if tg_op = 'DELETE' then
      return old;
    end if;
    return new;`

/** Before a change of a record's row: its version. Another id makes it another record, as new as its tombstone wants. */
const stamp = trigger(
  'stamp',
  'buried record;',
  `if tg_op <> 'INSERT' then
      perform crossfade.refuse_newer(tg_argv[0], old.id::text, old._cf_epoch, writer.epoch);
    end if;
    if tg_op = 'DELETE' then
      return old;
    elsif tg_op = 'UPDATE' and new.id = old.id then
      new._cf_counter := crossfade.counter_after(old._cf_counter);
    else
      select t.epoch, t.counter into buried from crossfade.tombstones t where t.entity = tg_argv[0] and t.id = new.id::text;
      perform crossfade.refuse_newer(tg_argv[0], new.id::text, buried.epoch, writer.epoch);
      new._cf_counter := greatest(crossfade.counter_after(0), buried.counter + 1);
    end if;
    new._cf_epoch := writer.epoch;`,
  goesOn,
)

/** Behind it: what the mirror is owed, and a tombstone where the id is not used any more. */
const note = trigger(
  'note',
  'gone bigint;',
  `if tg_op = 'DELETE' or (tg_op = 'UPDATE' and new.id <> old.id) then
      gone := crossfade.counter_after(old._cf_counter);
      insert into crossfade.tombstones as t (entity, id, epoch, counter) values (tg_argv[0], old.id::text, writer.epoch, gone)
        on conflict (entity, id) do update set epoch = excluded.epoch, counter = excluded.counter, at = now()
        where (t.epoch, t.counter) < (excluded.epoch, excluded.counter);
      if writer.owed then
        perform crossfade.owe(tg_argv[0], old.id::text, writer.epoch, gone);
      end if;
    end if;
    if tg_op <> 'DELETE' and writer.owed then
      perform crossfade.owe(tg_argv[0], new.id::text, new._cf_epoch, new._cf_counter);
    end if;`,
  ignored,
)

/** See `noteOwed`. */
const owe = `
  create function crossfade.owe(type text, record text, epoch bigint, counter bigint) returns void language sql as $$
    insert into crossfade.pending (entity, id, epoch, counter) values (type, record, epoch, counter)
      on conflict (entity, id) do update set epoch = excluded.epoch, counter = excluded.counter
  $$`

const parents = `
    if tg_op <> 'INSERT' then
      execute statement using old.parent_id;
    end if;
    if tg_op = 'INSERT' or (tg_op = 'UPDATE' and new.parent_id <> old.parent_id) then
      execute statement using new.parent_id;
    end if;`

/** Before a change of a row that belongs to a record: the record's own is locked first, as a gateway does it. */
const lockParent = trigger(
  'lock_parent',
  'statement text;',
  `statement := format('select from %I.%I where id = $1 for no key update', tg_table_schema, tg_argv[1]);${parents}`,
  goesOn,
)

/**
 * Behind it: the record's own row is changed, which gives it a version, and counts those that belong to it: null is a
 * list that is not there. Once a transaction, as long as their number stays.
 */
const touchParent = trigger(
  'touch_parent',
  'statement text;',
  `statement := format('
      update %1$I.%2$I t set %3$I = case when c.n > 0 or t.%3$I is not null then c.n end, _cf_counter = t._cf_counter
      from (select count(*)::integer as n from %1$I.%4$I where parent_id = $1) c where t.id = $1
        and (t.xmin <> pg_current_xact_id()::xid or coalesce(t.%3$I, 0) <> c.n)',
      tg_table_schema, tg_argv[1], tg_argv[2], tg_table_name);${parents}`,
  ignored,
)

/** Nobody is told which rows go. */
const refuseTruncate = trigger(
  'refuse_truncate',
  '',
  `raise exception 'table % of % cannot be truncated: which records go is told nobody', tg_table_name, tg_argv[0]
      using errcode = 'CF007', hint = 'Use DELETE.';`,
  ignored,
)

/** What triggers of the types' tables run for whoever changes them and is no gateway. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [
    stagePlan,
    otherWriter,
    counterAfter,
    refuseNewer,
    owe,
    stamp,
    note,
    lockParent,
    touchParent,
    refuseTruncate,
    // Whoever may make a trigger could have it write for him
    ...['stamp', 'note', 'lock_parent', 'touch_parent', 'refuse_truncate'].map(
      (name) => `revoke execute on function crossfade.${name} from public`,
    ),
  ])
    await sql.raw(statement).execute(db)
}
