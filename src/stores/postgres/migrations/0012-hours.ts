import { type Kysely, sql } from 'kysely'

/** What was found and compared, by the hour: hours are those since 1970, UTC, so that no session's time zone matters. */
const statements = [
  `create table crossfade.mismatch_hours (
    fingerprint text not null references crossfade.mismatch_groups on delete cascade, hour integer not null,
    count bigint not null, at timestamptz not null, primary key (fingerprint, hour))`,
  `create index mismatch_hours_old on crossfade.mismatch_hours (hour)`,
  `create table crossfade.verdict_hours (
    entity text not null, hour integer not null, verdict text not null, count bigint not null,
    primary key (entity, hour, verdict))`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
