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
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
