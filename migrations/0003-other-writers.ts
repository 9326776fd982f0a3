import { type Kysely, sql } from 'kysely'

const statements = [
  `create or replace trigger crossfade_stamp before insert or delete or update on "movies"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.stamp('Movie')`,
  `create or replace trigger crossfade_note after insert or delete or update on "movies"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.note('Movie')`,
  `create or replace trigger crossfade_refuse_truncate before truncate on "movies"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Movie')`,
  `create or replace trigger crossfade_lock_parent before insert or delete or update on "movie_cast"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.lock_parent('Movie', 'movies')`,
  `create or replace trigger crossfade_touch_parent after insert or delete or update on "movie_cast"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.touch_parent('Movie', 'movies', 'cast_count')`,
  `create or replace trigger crossfade_refuse_truncate before truncate on "movie_cast"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Movie')`,
  `create or replace trigger crossfade_stamp before insert or delete or update on "comments"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.stamp('Comment')`,
  `create or replace trigger crossfade_note after insert or delete or update on "comments"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.note('Comment')`,
  `create or replace trigger crossfade_refuse_truncate before truncate on "comments"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Comment')`,
  `create or replace trigger crossfade_stamp before insert or delete or update on "users"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.stamp('User')`,
  `create or replace trigger crossfade_note after insert or delete or update on "users"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.note('User')`,
  `create or replace trigger crossfade_refuse_truncate before truncate on "users"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('User')`,
  `create or replace trigger crossfade_stamp before insert or delete or update on "theaters"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.stamp('Theater')`,
  `create or replace trigger crossfade_note after insert or delete or update on "theaters"
    for each row when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.note('Theater')`,
  `create or replace trigger crossfade_refuse_truncate before truncate on "theaters"
    for each statement when (current_setting('crossfade.writer'::text, true) is distinct from 'crossfade'::text) execute function crossfade.refuse_truncate('Theater')`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
