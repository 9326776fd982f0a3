import { type Kysely, sql } from 'kysely'

/**
 * What people say of groups, and the rules that come of it. Verdicts are counted by mapping and epoch from now on, and so
 * is what was compared of which field: counts of before say of neither what they were of, and begin anew.
 */
const statements = [
  `alter table crossfade.mismatch_groups add is_bug boolean not null default false, add assignee text`,
  `create table crossfade.mismatch_notes (
    n bigint generated always as identity primary key, fingerprint text collate "C" not null,
    at timestamptz not null default clock_timestamp(), by text not null, act text not null, text text not null,
    until timestamptz)`,
  `create index mismatch_notes_of on crossfade.mismatch_notes (fingerprint, n)`,
  `create table crossfade.mismatch_rules (
    name text collate "C" primary key, fingerprint text collate "C" not null, entity text not null, kind text not null,
    path text not null, resolver text, verdict text not null, by text not null, why text not null,
    at timestamptz not null default clock_timestamp(), until timestamptz not null)`,
  `drop table crossfade.shadow_verdicts`,
  `create table crossfade.shadow_verdicts (
    entity text not null, mapping text not null, epoch bigint not null, verdict text not null, count bigint not null,
    at timestamptz not null default clock_timestamp(), primary key (entity, mapping, epoch, verdict))`,
  `create table crossfade.shadow_coverage (
    entity text not null, mapping text not null, epoch bigint not null, resolver text not null, path text not null,
    read bigint not null, compared bigint not null, matched bigint not null, repeated bigint not null,
    flapped bigint not null, compared_at timestamptz, at timestamptz not null default clock_timestamp(), primary key (entity, mapping, epoch, resolver, path))`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
