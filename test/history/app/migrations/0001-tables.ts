import { type Kysely, sql } from 'kysely'

const statements = [
  `create table "counters" (
    "id" text collate "C" not null,
    "n" integer,
    "rest" jsonb,
    "_cf_epoch" bigint not null default 0,
    "_cf_counter" bigint not null default 0,
    primary key ("id"),
    constraint "crossfade_rest_04003a1f" check (jsonb_typeof("rest") = 'object')
  )`,
  `create or replace trigger crossfade_stamp before insert or delete or update on "counters"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.stamp('Counter')`,
  `create or replace trigger crossfade_note after insert or delete or update on "counters"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.note('Counter')`,
  `create or replace trigger crossfade_refuse_truncate before truncate on "counters"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Counter')`,
  `create table "baskets" (
    "id" text collate "C" not null,
    "items_count" integer,
    "rest" jsonb,
    "_cf_epoch" bigint not null default 0,
    "_cf_counter" bigint not null default 0,
    primary key ("id"),
    constraint "crossfade_rest_04003a1f" check (jsonb_typeof("rest") = 'object')
  )`,
  `create or replace trigger crossfade_stamp before insert or delete or update on "baskets"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.stamp('Basket')`,
  `create or replace trigger crossfade_note after insert or delete or update on "baskets"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.note('Basket')`,
  `create or replace trigger crossfade_refuse_truncate before truncate on "baskets"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Basket')`,
  `create table "basket_items" (
    "parent_id" text collate "C" not null,
    "position" integer not null,
    "value" text collate "C" not null,
    primary key ("parent_id", "position"),
    foreign key ("parent_id") references "baskets" ("id") on delete cascade
  )`,
  `create or replace trigger crossfade_lock_parent before insert or delete or update on "basket_items"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.lock_parent('Basket', 'baskets')`,
  `create or replace trigger crossfade_touch_parent after insert or delete or update on "basket_items"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.touch_parent('Basket', 'baskets', 'items_count')`,
  `create or replace trigger crossfade_refuse_truncate before truncate on "basket_items"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Basket')`,
  `create table "notes" (
    "id" text collate "C" not null,
    "log" text[] collate "C",
    "n" integer,
    "rest" jsonb,
    "_cf_epoch" bigint not null default 0,
    "_cf_counter" bigint not null default 0,
    primary key ("id"),
    constraint "crossfade_log_a5738a0d" check (crossfade.is_list("log")),
    constraint "crossfade_rest_04003a1f" check (jsonb_typeof("rest") = 'object')
  )`,
  `create or replace trigger crossfade_stamp before insert or delete or update on "notes"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.stamp('Note')`,
  `create or replace trigger crossfade_note after insert or delete or update on "notes"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.note('Note')`,
  `create or replace trigger crossfade_refuse_truncate before truncate on "notes"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Note')`,
  `create table "seats" (
    "id" text collate "C" not null,
    "holder" text collate "C",
    "rest" jsonb,
    "_cf_epoch" bigint not null default 0,
    "_cf_counter" bigint not null default 0,
    primary key ("id"),
    constraint "crossfade_rest_04003a1f" check (jsonb_typeof("rest") = 'object')
  )`,
  `create index "seats_holder_idx" on "seats" ("holder" nulls first, "id")`,
  `create or replace trigger crossfade_stamp before insert or delete or update on "seats"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.stamp('Seat')`,
  `create or replace trigger crossfade_note after insert or delete or update on "seats"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.note('Seat')`,
  `create or replace trigger crossfade_refuse_truncate before truncate on "seats"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Seat')`,
  `create table "purses" (
    "id" text collate "C" not null,
    "coins" integer,
    "rest" jsonb,
    "_cf_epoch" bigint not null default 0,
    "_cf_counter" bigint not null default 0,
    primary key ("id"),
    constraint "crossfade_rest_04003a1f" check (jsonb_typeof("rest") = 'object')
  )`,
  `create or replace trigger crossfade_stamp before insert or delete or update on "purses"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.stamp('Purse')`,
  `create or replace trigger crossfade_note after insert or delete or update on "purses"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.note('Purse')`,
  `create or replace trigger crossfade_refuse_truncate before truncate on "purses"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Purse')`,
  `create table "transfers" (
    "id" text collate "C" not null,
    "from" text collate "C",
    "to" text collate "C",
    "rest" jsonb,
    "_cf_epoch" bigint not null default 0,
    "_cf_counter" bigint not null default 0,
    primary key ("id"),
    constraint "crossfade_rest_04003a1f" check (jsonb_typeof("rest") = 'object')
  )`,
  `create or replace trigger crossfade_stamp before insert or delete or update on "transfers"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.stamp('Transfer')`,
  `create or replace trigger crossfade_note after insert or delete or update on "transfers"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.note('Transfer')`,
  `create or replace trigger crossfade_refuse_truncate before truncate on "transfers"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Transfer')`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
