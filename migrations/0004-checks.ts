import { type Kysely, sql } from 'kysely'

const statements = [
  `alter table "movies" add constraint "crossfade_id_174f5fe1" check ("id" ~ '^[0-9a-f]{24}$') not valid`,
  `alter table "movies" add constraint "crossfade_genres_86f733d3" check (crossfade.is_list("genres")) not valid`,
  `alter table "movies" add constraint "crossfade_languages_50898b5b" check (crossfade.is_list("languages")) not valid`,
  `alter table "movies" add constraint "crossfade_countries_70b22d30" check (crossfade.is_list("countries")) not valid`,
  `alter table "movies" add constraint "crossfade_directors_849dbe41" check (crossfade.is_list("directors")) not valid`,
  `alter table "movies" add constraint "crossfade_writers_c30ffa28" check (crossfade.is_list("writers")) not valid`,
  `alter table "movies" add constraint "crossfade_released_03a94096" check ("released" between '4714-11-24 00:00:00+00 BC' and '275760-09-13 00:00:00+00') not valid`,
  `alter table "movies" add constraint "crossfade_imdb_rating_ae2362de" check ("imdb_rating" not in ('NaN', 'Infinity', '-Infinity')) not valid`,
  `alter table "movies" add constraint "crossfade_tomatoes_viewer_rating_2c40ad39" check ("tomatoes_viewer_rating" not in ('NaN', 'Infinity', '-Infinity')) not valid`,
  `alter table "movies" add constraint "crossfade_tomatoes_critic_rating_39bfc913" check ("tomatoes_critic_rating" not in ('NaN', 'Infinity', '-Infinity')) not valid`,
  `alter table "movies" add constraint "crossfade_tomatoes_dvd_da352414" check ("tomatoes_dvd" between '4714-11-24 00:00:00+00 BC' and '275760-09-13 00:00:00+00') not valid`,
  `alter table "movies" add constraint "crossfade_tomatoes_last_updated_1fcab11d" check ("tomatoes_last_updated" between '4714-11-24 00:00:00+00 BC' and '275760-09-13 00:00:00+00') not valid`,
  `alter table "movies" add constraint "crossfade_rest_04003a1f" check (jsonb_typeof("rest") = 'object') not valid`,
  `alter table "movie_cast" add constraint "crossfade_parent_id_147a3921" check ("parent_id" ~ '^[0-9a-f]{24}$') not valid`,
  `alter table "comments" add constraint "crossfade_id_174f5fe1" check ("id" ~ '^[0-9a-f]{24}$') not valid`,
  `alter table "comments" add constraint "crossfade_date_dee41e9d" check ("date" between '4714-11-24 00:00:00+00 BC' and '275760-09-13 00:00:00+00') not valid`,
  `alter table "comments" add constraint "crossfade_movie_id_4ff8f505" check ("movie_id" ~ '^[0-9a-f]{24}$') not valid`,
  `alter table "comments" add constraint "crossfade_rest_04003a1f" check (jsonb_typeof("rest") = 'object') not valid`,
  `alter table "users" add constraint "crossfade_id_174f5fe1" check ("id" ~ '^[0-9a-f]{24}$') not valid`,
  `alter table "users" add constraint "crossfade_rest_04003a1f" check (jsonb_typeof("rest") = 'object') not valid`,
  `alter table "theaters" add constraint "crossfade_id_174f5fe1" check ("id" ~ '^[0-9a-f]{24}$') not valid`,
  `alter table "theaters" add constraint "crossfade_coordinates_5f787c43" check (crossfade.is_list("coordinates") and not "coordinates" && '{NaN,Infinity,-Infinity}') not valid`,
  `alter table "theaters" add constraint "crossfade_rest_04003a1f" check (jsonb_typeof("rest") = 'object') not valid`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
