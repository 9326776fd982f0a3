import { type Kysely, sql } from 'kysely'

const statements = [
  `create table "books" (
    "id" text collate "C" not null,
    "has_price" boolean,
    "kind" text collate "C",
    "title" text collate "C",
    "price_amount" numeric,
    "price_currency" text collate "C",
    "cost" numeric,
    "stock" integer,
    "availability" text collate "C",
    "added_at" timestamp(3) with time zone,
    "deleted_at" timestamp(3) with time zone,
    "authors" text[] collate "C",
    "isbn" text collate "C",
    "pages" integer,
    "rest" jsonb,
    "_cf_epoch" bigint not null default 0,
    "_cf_counter" bigint not null default 0,
    primary key ("id")
  )`,
  `create index "books_title_idx" on "books" ("title" nulls first, "id")`,
  `create index "books_price_amount_idx" on "books" ("price_amount" nulls first, "id")`,
  `create index "books_added_at_idx" on "books" ("added_at" nulls first, "id")`,
  `create or replace trigger "crossfade_stamp_Book" before insert or delete or update on "books"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.stamp('Book', 'kind', 'book')`,
  `create or replace trigger "crossfade_note_Book" after insert or delete or update on "books"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.note('Book', 'kind', 'book')`,
  `create or replace trigger "crossfade_refuse_truncate_Book" before truncate on "books"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Book')`,
  `create table "gadgets" (
    "id" text collate "C" not null,
    "has_price" boolean,
    "has_size" boolean,
    "kind" text collate "C",
    "title" text collate "C",
    "price_amount" numeric,
    "price_currency" text collate "C",
    "cost" numeric,
    "stock" integer,
    "availability" text collate "C",
    "added_at" timestamp(3) with time zone,
    "deleted_at" timestamp(3) with time zone,
    "brand" text collate "C",
    "size_width" double precision,
    "size_height" double precision,
    "warranty_months" integer,
    "rest" jsonb,
    "_cf_epoch" bigint not null default 0,
    "_cf_counter" bigint not null default 0,
    primary key ("id")
  )`,
  `create index "gadgets_title_idx" on "gadgets" ("title" nulls first, "id")`,
  `create index "gadgets_price_amount_idx" on "gadgets" ("price_amount" nulls first, "id")`,
  `create index "gadgets_added_at_idx" on "gadgets" ("added_at" nulls first, "id")`,
  `create or replace trigger "crossfade_stamp_Gadget" before insert or delete or update on "gadgets"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.stamp('Gadget', 'kind', 'gadget')`,
  `create or replace trigger "crossfade_note_Gadget" after insert or delete or update on "gadgets"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.note('Gadget', 'kind', 'gadget')`,
  `create or replace trigger "crossfade_refuse_truncate_Gadget" before truncate on "gadgets"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Gadget')`,
  `create table "customers" (
    "id" uuid not null,
    "has_address" boolean,
    "name" text collate "C",
    "email" text collate "C",
    "address_street" text collate "C",
    "address_city" text collate "C",
    "address_country" text collate "C",
    "since" timestamp(3) with time zone,
    "rest" jsonb,
    "_cf_epoch" bigint not null default 0,
    "_cf_counter" bigint not null default 0,
    primary key ("id")
  )`,
  `create index "customers_email_idx" on "customers" ("email" nulls first, "id")`,
  `create or replace trigger crossfade_stamp before insert or delete or update on "customers"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.stamp('Customer')`,
  `create or replace trigger crossfade_note after insert or delete or update on "customers"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.note('Customer')`,
  `create or replace trigger crossfade_refuse_truncate before truncate on "customers"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Customer')`,
  `create table "orders" (
    "id" text collate "C" not null,
    "customer_id" uuid,
    "status" text collate "C",
    "total" numeric,
    "currency" text collate "C",
    "note" text collate "C",
    "placed_at" timestamp(3) with time zone,
    "cancelled_at" timestamp(3) with time zone,
    "lines_count" integer,
    "rest" jsonb,
    "_cf_epoch" bigint not null default 0,
    "_cf_counter" bigint not null default 0,
    primary key ("id")
  )`,
  `create index "orders_customer_id_idx" on "orders" ("customer_id" nulls first, "id")`,
  `create index "orders_status_idx" on "orders" ("status" nulls first, "id")`,
  `create index "orders_placed_at_idx" on "orders" ("placed_at" nulls first, "id")`,
  `create or replace trigger crossfade_stamp before insert or delete or update on "orders"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.stamp('Order')`,
  `create or replace trigger crossfade_note after insert or delete or update on "orders"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.note('Order')`,
  `create or replace trigger crossfade_refuse_truncate before truncate on "orders"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Order')`,
  `create table "order_lines" (
    "parent_id" text collate "C" not null,
    "position" integer not null,
    "sku" text collate "C",
    "title" text collate "C",
    "quantity" integer,
    "price" numeric,
    "rest" jsonb,
    primary key ("parent_id", "position"),
    foreign key ("parent_id") references "orders" ("id") on delete cascade
  )`,
  `create index "order_lines_sku_idx" on "order_lines" ("sku" nulls first, "parent_id" nulls first)`,
  `create or replace trigger crossfade_lock_parent before insert or delete or update on "order_lines"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.lock_parent('Order', 'orders')`,
  `create or replace trigger crossfade_touch_parent after insert or delete or update on "order_lines"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.touch_parent('Order', 'orders', 'lines_count')`,
  `create or replace trigger crossfade_refuse_truncate before truncate on "order_lines"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Order')`,
  `create table "reviews" (
    "id" text collate "C" not null,
    "product_id" text collate "C",
    "stars" integer,
    "text" text collate "C",
    "signed" text collate "C",
    "written_at" timestamp(3) with time zone,
    "rest" jsonb,
    "_cf_epoch" bigint not null default 0,
    "_cf_counter" bigint not null default 0,
    primary key ("id")
  )`,
  `create index "reviews_product_id_idx" on "reviews" ("product_id" nulls first, "id")`,
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
