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
    primary key ("id"),
    constraint "crossfade_price_amount_72e5bf4e_Book" check (("kind" = 'book'::text) is not true or "price_amount" not in ('NaN', 'Infinity', '-Infinity')),
    constraint "crossfade_price_currency_67589526_Book" check (("kind" = 'book'::text) is not true or "price_currency" in ('EUR', 'USD')),
    constraint "crossfade_cost_1b423514_Book" check (("kind" = 'book'::text) is not true or "cost" not in ('NaN', 'Infinity', '-Infinity')),
    constraint "crossfade_availability_44fa6271_Book" check (("kind" = 'book'::text) is not true or "availability" in ('inStock', 'sold-out', 'pre-order', 'onRequest')),
    constraint "crossfade_added_at_8656b6ab_Book" check (("kind" = 'book'::text) is not true or "added_at" between '4714-11-24 00:00:00+00 BC' and '275760-09-13 00:00:00+00'),
    constraint "crossfade_deleted_at_5328f01d_Book" check (("kind" = 'book'::text) is not true or "deleted_at" between '4714-11-24 00:00:00+00 BC' and '275760-09-13 00:00:00+00'),
    constraint "crossfade_authors_5ab25c49_Book" check (("kind" = 'book'::text) is not true or crossfade.is_list("authors")),
    constraint "crossfade_rest_6be36f4a_Book" check (("kind" = 'book'::text) is not true or jsonb_typeof("rest") = 'object')
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
    primary key ("id"),
    constraint "crossfade_price_amount_163eba5f_Gadget" check (("kind" = 'gadget'::text) is not true or "price_amount" not in ('NaN', 'Infinity', '-Infinity')),
    constraint "crossfade_price_currency_962bd545_Gadget" check (("kind" = 'gadget'::text) is not true or "price_currency" in ('EUR', 'USD')),
    constraint "crossfade_cost_0a8265aa_Gadget" check (("kind" = 'gadget'::text) is not true or "cost" not in ('NaN', 'Infinity', '-Infinity')),
    constraint "crossfade_availability_a4370f51_Gadget" check (("kind" = 'gadget'::text) is not true or "availability" in ('inStock', 'sold-out', 'pre-order', 'onRequest')),
    constraint "crossfade_added_at_44252c2c_Gadget" check (("kind" = 'gadget'::text) is not true or "added_at" between '4714-11-24 00:00:00+00 BC' and '275760-09-13 00:00:00+00'),
    constraint "crossfade_deleted_at_c820b6a2_Gadget" check (("kind" = 'gadget'::text) is not true or "deleted_at" between '4714-11-24 00:00:00+00 BC' and '275760-09-13 00:00:00+00'),
    constraint "crossfade_size_width_9cada03e_Gadget" check (("kind" = 'gadget'::text) is not true or "size_width" not in ('NaN', 'Infinity', '-Infinity')),
    constraint "crossfade_size_height_ebe06d40_Gadget" check (("kind" = 'gadget'::text) is not true or "size_height" not in ('NaN', 'Infinity', '-Infinity')),
    constraint "crossfade_rest_a2e0e38e_Gadget" check (("kind" = 'gadget'::text) is not true or jsonb_typeof("rest") = 'object')
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
    primary key ("id"),
    constraint "crossfade_since_d2f2a788" check ("since" between '4714-11-24 00:00:00+00 BC' and '275760-09-13 00:00:00+00'),
    constraint "crossfade_rest_04003a1f" check (jsonb_typeof("rest") = 'object')
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
    primary key ("id"),
    constraint "crossfade_status_447420d4" check ("status" in ('new', 'paid', 'shipped', 'cancelled')),
    constraint "crossfade_total_9fca3a46" check ("total" not in ('NaN', 'Infinity', '-Infinity')),
    constraint "crossfade_currency_2cc29e08" check ("currency" in ('EUR', 'USD')),
    constraint "crossfade_placed_at_548ec1e0" check ("placed_at" between '4714-11-24 00:00:00+00 BC' and '275760-09-13 00:00:00+00'),
    constraint "crossfade_cancelled_at_994b1063" check ("cancelled_at" between '4714-11-24 00:00:00+00 BC' and '275760-09-13 00:00:00+00'),
    constraint "crossfade_rest_04003a1f" check (jsonb_typeof("rest") = 'object')
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
    foreign key ("parent_id") references "orders" ("id") on delete cascade,
    constraint "crossfade_price_910cfc09" check ("price" not in ('NaN', 'Infinity', '-Infinity')),
    constraint "crossfade_rest_04003a1f" check (jsonb_typeof("rest") = 'object')
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
    primary key ("id"),
    constraint "crossfade_id_174f5fe1" check ("id" ~ '^[0-9a-f]{24}$'),
    constraint "crossfade_written_at_84f56198" check ("written_at" between '4714-11-24 00:00:00+00 BC' and '275760-09-13 00:00:00+00'),
    constraint "crossfade_rest_04003a1f" check (jsonb_typeof("rest") = 'object')
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
