import { type Kysely, sql } from 'kysely'

const statements = [
  `create table "products" (
    "id" text collate "C" not null,
    "has_size" boolean,
    "sku" text collate "C",
    "name" text collate "C",
    "brand" text collate "C",
    "price" numeric,
    "tags" text[] collate "C",
    "size_width" double precision,
    "size_height" double precision,
    "attributes" json,
    "sold" bigint,
    "added_at" timestamp(3) with time zone,
    "rest" jsonb,
    "_cf_epoch" bigint not null default 0,
    "_cf_counter" bigint not null default 0,
    primary key ("id")
  )`,
  `create index "products_sku_idx" on "products" ("sku" nulls first, "id")`,
  `create table "reviews" (
    "id" text collate "C" not null,
    "product_id" text collate "C",
    "stars" integer,
    "text" text collate "C",
    "written_at" timestamp(3) with time zone,
    "rest" jsonb,
    "_cf_epoch" bigint not null default 0,
    "_cf_counter" bigint not null default 0,
    primary key ("id")
  )`,
  `create index "reviews_product_id_idx" on "reviews" ("product_id" nulls first, "id")`,
  `create or replace trigger crossfade_stamp before insert or delete or update on "products"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.stamp('Product')`,
  `create or replace trigger crossfade_note after insert or delete or update on "products"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.note('Product')`,
  `create or replace trigger crossfade_refuse_truncate before truncate on "products"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Product')`,
  `create or replace trigger crossfade_stamp before insert or delete or update on "reviews"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.stamp('Review')`,
  `create or replace trigger crossfade_note after insert or delete or update on "reviews"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.note('Review')`,
  `create or replace trigger crossfade_refuse_truncate before truncate on "reviews"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Review')`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
