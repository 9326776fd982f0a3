import { type Kysely, sql } from 'kysely'

const statements = [
  `create table "counters" (
    "id" text collate "C" not null,
    "n" integer,
    "rest" jsonb,
    "_cf_epoch" bigint not null default 0,
    "_cf_counter" bigint not null default 0,
    primary key ("id")
  )`,
  `create table "baskets" (
    "id" text collate "C" not null,
    "items_count" integer,
    "rest" jsonb,
    "_cf_epoch" bigint not null default 0,
    "_cf_counter" bigint not null default 0,
    primary key ("id")
  )`,
  `create table "basket_items" (
    "parent_id" text collate "C" not null,
    "position" integer not null,
    "value" text collate "C" not null,
    primary key ("parent_id", "position"),
    foreign key ("parent_id") references "baskets" ("id") on delete cascade
  )`,
  `create table "notes" (
    "id" text collate "C" not null,
    "log" text[] collate "C",
    "n" integer,
    "rest" jsonb,
    "_cf_epoch" bigint not null default 0,
    "_cf_counter" bigint not null default 0,
    primary key ("id")
  )`,
  `create table "seats" (
    "id" text collate "C" not null,
    "holder" text collate "C",
    "rest" jsonb,
    "_cf_epoch" bigint not null default 0,
    "_cf_counter" bigint not null default 0,
    primary key ("id")
  )`,
  `create index "seats_holder_idx" on "seats" ("holder" nulls first, "id")`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
