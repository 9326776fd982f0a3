import { type Kysely, sql } from 'kysely'

/**
 * Groups can be closed; one example a record; what was not decided, what failed and how long reads took are kept with
 * them. Timeouts are no mismatches any more: they are counted with the failures.
 */
const statements = [
  `delete from crossfade.mismatch_groups where kind = 'timeout'`,
  `alter table crossfade.mismatch_groups
    add closed_at timestamptz, add closed_why text, add reopened_at timestamptz`,
  `alter table crossfade.mismatch_examples add subject text collate "C"`,
  `update crossfade.mismatch_examples set subject = coalesce('id ' || id, 'args ' || md5(example ->> 'args'), '')`,
  `delete from crossfade.mismatch_examples e using crossfade.mismatch_examples newer
    where newer.fingerprint = e.fingerprint and newer.subject = e.subject and newer.n > e.n`,
  `alter table crossfade.mismatch_examples alter subject set not null`,
  `create unique index mismatch_examples_subject on crossfade.mismatch_examples (fingerprint, subject)`,
  `drop index crossfade.mismatch_examples_of`,
  `create table crossfade.shadow_undecided (
    entity text not null, reason text not null, count bigint not null, id text collate "C", owed_since timestamptz,
    first_at timestamptz not null default clock_timestamp(), last_at timestamptz not null default clock_timestamp(),
    primary key (entity, reason))`,
  `create table crossfade.shadow_verdicts (
    entity text not null, verdict text not null, count bigint not null, primary key (entity, verdict))`,
  `create table crossfade.shadow_failures (
    entity text not null, resolver text not null, store text not null, kind text not null, reason text not null,
    count bigint not null, last_at timestamptz not null default clock_timestamp(),
    primary key (entity, resolver, store, kind, reason))`,
  `create table crossfade.shadow_timings (
    entity text not null, resolver text not null, store text not null, bucket smallint not null, count bigint not null,
    primary key (entity, resolver, store, bucket))`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
