import { type Kysely, sql } from 'kysely'

/** Crossfade's own tables: bookkeeping of writes, the ledger, data issues and what shadow reads found. */
const statements = [
  `create table crossfade.pending (
    entity text not null, id text collate "C" not null, epoch bigint not null, counter bigint not null,
    since timestamptz not null default clock_timestamp(), primary key (entity, id))`,
  `create index pending_since on crossfade.pending (entity, since)`,
  `create table crossfade.tombstones (
    entity text not null, id text collate "C" not null, epoch bigint not null, counter bigint not null,
    at timestamptz not null default now(), primary key (entity, id))`,
  `create table crossfade.ledger (
    kind text not null, key text not null, revision integer not null, value jsonb not null, primary key (kind, key))`,
  `create table crossfade.claims (key text primary key, owner text not null, until timestamptz not null)`,
  `create table crossfade.log (
    n bigint generated always as identity primary key, log text not null, key text not null,
    at timestamptz not null default clock_timestamp(), value jsonb not null)`,
  `create index log_newest on crossfade.log (log, n)`,
  `create table crossfade.data_issues (
    entity text not null, id text collate "C" not null, path text not null, rule text not null, raw text not null,
    found text not null, at timestamptz not null default now(), primary key (entity, id, path, rule))`,
  `create table crossfade.mismatch_groups (
    fingerprint text primary key, entity text not null, resolver text not null, kind text not null, path text not null,
    count bigint not null, first_at timestamptz not null default now(), last_at timestamptz not null default now())`,
  `create table crossfade.mismatch_examples (
    n bigint generated always as identity primary key,
    fingerprint text not null references crossfade.mismatch_groups on delete cascade,
    id text collate "C", at timestamptz not null default now(), example jsonb not null)`,
  `create index mismatch_examples_of on crossfade.mismatch_examples (fingerprint, n)`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
