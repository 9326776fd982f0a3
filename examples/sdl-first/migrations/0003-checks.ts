import { type Kysely, sql } from 'kysely'

const statements = [
  `alter table "products" add constraint "crossfade_id_174f5fe1" check ("id" ~ '^[0-9a-f]{24}$') not valid`,
  `alter table "products" add constraint "crossfade_price_910cfc09" check ("price" not in ('NaN', 'Infinity', '-Infinity')) not valid`,
  `alter table "products" add constraint "crossfade_tags_b3cdd0b2" check (crossfade.is_list("tags")) not valid`,
  `alter table "products" add constraint "crossfade_size_width_da2efd71" check ("size_width" not in ('NaN', 'Infinity', '-Infinity')) not valid`,
  `alter table "products" add constraint "crossfade_size_height_6377ce54" check ("size_height" not in ('NaN', 'Infinity', '-Infinity')) not valid`,
  `alter table "products" add constraint "crossfade_added_at_a6c32745" check ("added_at" between '4714-11-24 00:00:00+00 BC' and '275760-09-13 00:00:00+00') not valid`,
  `alter table "products" add constraint "crossfade_rest_04003a1f" check (jsonb_typeof("rest") = 'object') not valid`,
  `alter table "reviews" add constraint "crossfade_id_174f5fe1" check ("id" ~ '^[0-9a-f]{24}$') not valid`,
  `alter table "reviews" add constraint "crossfade_product_id_4c2bf933" check ("product_id" ~ '^[0-9a-f]{24}$') not valid`,
  `alter table "reviews" add constraint "crossfade_written_at_84f56198" check ("written_at" between '4714-11-24 00:00:00+00 BC' and '275760-09-13 00:00:00+00') not valid`,
  `alter table "reviews" add constraint "crossfade_rest_04003a1f" check (jsonb_typeof("rest") = 'object') not valid`,
  `alter table "guides" add constraint "crossfade_id_6b600fea_Guide" check (("kind" = 'guide'::text) is not true or "id" ~ '^[0-9a-f]{24}$') not valid`,
  `alter table "guides" add constraint "crossfade_published_at_481672db_Guide" check (("kind" = 'guide'::text) is not true or "published_at" between '4714-11-24 00:00:00+00 BC' and '275760-09-13 00:00:00+00') not valid`,
  `alter table "guides" add constraint "crossfade_product_id_0b9547b2_Guide" check (("kind" = 'guide'::text) is not true or "product_id" ~ '^[0-9a-f]{24}$') not valid`,
  `alter table "guides" add constraint "crossfade_rest_7e2d22f5_Guide" check (("kind" = 'guide'::text) is not true or jsonb_typeof("rest") = 'object') not valid`,
  `alter table "offers" add constraint "crossfade_id_91331f4f_Offer" check (("kind" = 'offer'::text) is not true or "id" ~ '^[0-9a-f]{24}$') not valid`,
  `alter table "offers" add constraint "crossfade_published_at_0a0f30d5_Offer" check (("kind" = 'offer'::text) is not true or "published_at" between '4714-11-24 00:00:00+00 BC' and '275760-09-13 00:00:00+00') not valid`,
  `alter table "offers" add constraint "crossfade_product_id_95f29115_Offer" check (("kind" = 'offer'::text) is not true or "product_id" ~ '^[0-9a-f]{24}$') not valid`,
  `alter table "offers" add constraint "crossfade_price_e85e6650_Offer" check (("kind" = 'offer'::text) is not true or "price" not in ('NaN', 'Infinity', '-Infinity')) not valid`,
  `alter table "offers" add constraint "crossfade_until_79b67340_Offer" check (("kind" = 'offer'::text) is not true or "until" between '4714-11-24 00:00:00+00 BC' and '275760-09-13 00:00:00+00') not valid`,
  `alter table "offers" add constraint "crossfade_rest_e92ced6e_Offer" check (("kind" = 'offer'::text) is not true or jsonb_typeof("rest") = 'object') not valid`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
