import { type Kysely, sql } from 'kysely'

/** Whether a row is of the type that a trigger's arguments name: columns stand behind it, each with its value as text. */
const isOf = `
  create function crossfade.is_of(changed anyelement, args text[]) returns boolean language plpgsql stable as $$
  declare
    same boolean;
  begin
    for n in 1 .. array_upper(args, 1) by 2 loop
      execute format('select ($1).%I::text = $2', args[n]) into same using changed, args[n + 1];
      if same is not true then
        return false;
      end if;
    end loop;
    return true;
  end $$`

/** As it was, and not called where neither the row nor what becomes of it is of the trigger's type. */
const trigger = (name: string, declared: string, body: string, result: string): string => `
  create or replace function crossfade.${name}() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
  declare
    writer record;
    was boolean := false;
    becomes boolean := false;
    ${declared}
  begin
    if tg_op <> 'INSERT' then
      was := tg_nargs = 1 or crossfade.is_of(old, tg_argv);
    end if;
    if tg_op <> 'DELETE' then
      becomes := tg_nargs = 1 or crossfade.is_of(new, tg_argv);
    end if;
    if was or becomes then
      writer := crossfade.other_writer(tg_argv[0], tg_table_name);
      ${body}
    end if;
    ${result}
  end $$`

/** A record that turns into one of another type leaves the first one as if it were deleted: both must be of the table. */
const refuseTurned = `
  create function crossfade.refuse_turned(type text, place text) returns void language plpgsql as $$
  begin
    if exists (select from crossfade.ledger where kind = 'flag' and key = crossfade.flag_key(type)) then
      raise exception 'MongoDB has the records of %: no row of table % becomes one of them, or ceases to be', type, place
        using errcode = 'CF005', hint = 'Write through the gateway, or to MongoDB.';
    end if;
  end $$`

const stamp = trigger(
  'stamp',
  'buried record;',
  `if writer.epoch is null then
        if tg_op = 'UPDATE' and was <> becomes then
          perform crossfade.refuse_turned(tg_argv[0], tg_table_name);
        end if;
      else
        if was then
          perform crossfade.refuse_newer(tg_argv[0], old.id::text, old._cf_epoch, writer.epoch);
        end if;
        if becomes then
          if tg_op = 'UPDATE' and was and new.id = old.id then
            new._cf_counter := crossfade.counter_after(old._cf_counter);
          else
            select t.epoch, t.counter into buried from crossfade.tombstones t where t.entity = tg_argv[0] and t.id = new.id::text;
            perform crossfade.refuse_newer(tg_argv[0], new.id::text, buried.epoch, writer.epoch);
            new._cf_counter := greatest(crossfade.counter_after(0), buried.counter + 1);
          end if;
          new._cf_epoch := writer.epoch;
        end if;
      end if;`,
  `if tg_op = 'DELETE' then
      return old;
    end if;
    return new;`,
)

const note = trigger(
  'note',
  'gone bigint;',
  `if writer.epoch is not null then
        if was and (not becomes or (tg_op = 'UPDATE' and new.id <> old.id)) then
          gone := crossfade.counter_after(old._cf_counter);
          insert into crossfade.tombstones as t (entity, id, epoch, counter) values (tg_argv[0], old.id::text, writer.epoch, gone)
            on conflict (entity, id) do update set epoch = excluded.epoch, counter = excluded.counter, at = now()
            where (t.epoch, t.counter) < (excluded.epoch, excluded.counter);
          if writer.owed then
            perform crossfade.owe(tg_argv[0], old.id::text, writer.epoch, gone);
          end if;
        end if;
        if becomes and writer.owed then
          perform crossfade.owe(tg_argv[0], new.id::text, new._cf_epoch, new._cf_counter);
        end if;
      end if;`,
  'return null;',
)

/** A table may hold rows of several types, which their triggers tell apart. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [isOf, refuseTurned, stamp, note]) await sql.raw(statement).execute(db)
}
