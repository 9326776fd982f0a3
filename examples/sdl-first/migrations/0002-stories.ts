import { type Kysely, sql } from 'kysely'

const statements = [
  `create table "guides" (
    "id" text collate "C" not null,
    "kind" text collate "C",
    "title" text collate "C",
    "published_at" timestamp(3) with time zone,
    "product_id" text collate "C",
    "minutes" integer,
    "rest" jsonb,
    "_cf_epoch" bigint not null default 0,
    "_cf_counter" bigint not null default 0,
    primary key ("id")
  )`,
  `create index "guides_product_id_idx" on "guides" ("product_id" nulls first, "id")`,
  `create or replace trigger "crossfade_stamp_Guide" before insert or delete or update on "guides"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.stamp('Guide', 'kind', 'guide')`,
  `create or replace trigger "crossfade_note_Guide" after insert or delete or update on "guides"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.note('Guide', 'kind', 'guide')`,
  `create or replace trigger "crossfade_refuse_truncate_Guide" before truncate on "guides"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Guide')`,
  `create table "offers" (
    "id" text collate "C" not null,
    "kind" text collate "C",
    "title" text collate "C",
    "published_at" timestamp(3) with time zone,
    "product_id" text collate "C",
    "price" numeric,
    "until" timestamp(3) with time zone,
    "rest" jsonb,
    "_cf_epoch" bigint not null default 0,
    "_cf_counter" bigint not null default 0,
    primary key ("id")
  )`,
  `create index "offers_product_id_idx" on "offers" ("product_id" nulls first, "id")`,
  `create or replace trigger "crossfade_stamp_Offer" before insert or delete or update on "offers"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.stamp('Offer', 'kind', 'offer')`,
  `create or replace trigger "crossfade_note_Offer" after insert or delete or update on "offers"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.note('Offer', 'kind', 'offer')`,
  `create or replace trigger "crossfade_refuse_truncate_Offer" before truncate on "offers"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Offer')`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
