import { type Kysely, sql } from 'kysely'

/** What the checks of lists call, since a check has no subqueries. Null lists are theirs to let pass. */
const statements = [
  `create function crossfade.is_list(elements anyarray) returns boolean language sql immutable parallel safe as $$
    select coalesce(array_ndims(elements), 1) = 1 and array_position(elements, null) is null
  $$`,
  `create function crossfade.each_like(elements text[], form text) returns boolean language sql immutable parallel safe as $$
    select not exists (select from unnest(elements) e where e !~ form)
  $$`,
  `create function crossfade.each_between(elements anyarray, first anyelement, last anyelement) returns boolean
    language sql immutable parallel safe as $$
    select not exists (select from unnest(elements) e where e not between first and last)
  $$`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
