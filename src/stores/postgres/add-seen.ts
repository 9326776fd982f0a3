import { type RawBuilder, sql } from 'kysely'
import { maxExamples, type Seen, type SeenGroup } from '../findings.ts'
import type { Executor } from './executor.ts'
import { isCoveredAs } from './groups.ts'
import { forgetHours, hourOf } from './hours.ts'

type Sql = RawBuilder<unknown>

/** A list of objects as rows: one parameter, whatever their number. */
const rowsOf = (rows: readonly object[], columns: Sql): Sql =>
  sql`json_to_recordset(${JSON.stringify(rows)}::json) as r(${columns})`

/** What was found while a gateway could not tell is as old as it says, by this store's clock. */
const ago = (ms: Sql): Sql => sql`clock_timestamp() - ${ms} * interval '1 millisecond'`

/**
 * Counts are added up, in one order for all gateways, so that none waits for another in a circle. A group that was
 * closed after the last of the mismatches were found stays closed; otherwise it begins anew.
 *
 * @returns see `Findings.add`.
 */
async function addGroups(tx: Executor, groups: readonly SeenGroup[]): Promise<string[]> {
  const columns = sql`fingerprint text, type text, resolver text, kind text, path text, count bigint, "firstMs" float8, "lastMs" float8`
  const isBack = sql`(g.closed_at < excluded.last_at)`
  const rows = await tx.run<{ fingerprint: string }>(
    sql`with given as materialized (
          select r.*, ${ago(sql`r."firstMs"`)} as first_at, ${ago(sql`r."lastMs"`)} as last_at
          from ${rowsOf(
            groups.map(({ examples: _, ...group }) => group),
            columns,
          )}),
        added as (insert into crossfade.mismatch_groups as g (fingerprint, entity, resolver, kind, path, count, first_at, last_at)
        select fingerprint, type, resolver, kind, path, count, first_at, last_at from given order by fingerprint
        on conflict (fingerprint) do update set
          count = case when ${isBack} then excluded.count else g.count + excluded.count end,
          first_at = case when ${isBack} then excluded.first_at else least(g.first_at, excluded.first_at) end,
          last_at = greatest(g.last_at, excluded.last_at),
          reopened_at = case when ${isBack} then excluded.last_at else g.reopened_at end,
          closed_at = case when ${isBack} then null else g.closed_at end
        returning g.*, xmax = 0 as is_new)
        select fingerprint from added g join given using (fingerprint)
        where (is_new or g.reopened_at = given.last_at) and not ${isCoveredAs(sql`g`)}`,
  )
  return rows.map(({ fingerprint }) => fingerprint)
}

/** What came at once counts in the hour of its last. The groups' rows are locked by now. */
async function addHours(tx: Executor, groups: readonly SeenGroup[]): Promise<unknown> {
  const rows = groups.map(({ fingerprint, count, lastMs }) => ({ fingerprint, count, lastMs }))
  await forgetHours(
    tx,
    rows.map(({ fingerprint }) => fingerprint),
  )
  const columns = sql`fingerprint text, count bigint, "lastMs" float8`
  return tx.run(
    sql`insert into crossfade.mismatch_hours as h (fingerprint, hour, count, at)
        select fingerprint, ${hourOf(sql`at`)}, count, at
        from ${rowsOf(rows, columns)}, lateral (select ${ago(sql`r."lastMs"`)} as at) found
        on conflict (fingerprint, hour) do update
          set count = h.count + excluded.count, at = greatest(h.at, excluded.at)`,
  )
}

/**
 * One a record, the newest; a record that has none comes in while there is room. The group's row is locked by now, so
 * that gateways count one after another.
 */
async function addExamples(tx: Executor, groups: readonly SeenGroup[]): Promise<unknown> {
  const rows = groups.flatMap(({ fingerprint, examples }) => examples.map((each) => ({ ...each, fingerprint })))
  const fingerprints = groups.map(({ fingerprint }) => fingerprint)
  const columns = sql`fingerprint text, subject text, id text, "agoMs" float8, example jsonb`
  await tx.run(
    sql`delete from crossfade.mismatch_examples e using crossfade.mismatch_groups g
        where g.fingerprint = e.fingerprint and g.fingerprint = any(${fingerprints}::text[]) and e.at < g.first_at`,
  )
  return tx.run(
    sql`with given as (select * from ${rowsOf(rows, columns)}),
          known as (select fingerprint, subject from crossfade.mismatch_examples
            where fingerprint = any(${fingerprints}::text[])),
          fresh as (select g.*, row_number() over (partition by g.fingerprint order by g."agoMs" desc) as place from given g
            where not exists (select from known k where (k.fingerprint, k.subject) = (g.fingerprint, g.subject))),
          kept as (select fingerprint, subject from fresh f
            where place + (select count(*) from known k where k.fingerprint = f.fingerprint) <= ${maxExamples}::int)
        insert into crossfade.mismatch_examples (fingerprint, subject, id, at, example)
        select fingerprint, subject, id, ${ago(sql`given."agoMs"`)}, example from given
        where (fingerprint, subject) in (select fingerprint, subject from known union all select * from kept)
        on conflict (fingerprint, subject) do update set at = excluded.at, example = excluded.example`,
  )
}

async function addUndecided(tx: Executor, rows: Seen['undecided']): Promise<unknown> {
  const columns = sql`type text, reason text, count bigint, id text, "owedMs" float8`
  return tx.run(
    sql`insert into crossfade.shadow_undecided as u (entity, reason, count, id, owed_since)
        select type, reason, count, id, ${ago(sql`r."owedMs"`)} from ${rowsOf(rows, columns)} order by type, reason
        on conflict (entity, reason) do update set count = u.count + excluded.count, last_at = clock_timestamp(),
          id = excluded.id, owed_since = excluded.owed_since`,
  )
}

async function addVerdicts(tx: Executor, rows: Seen['verdicts']): Promise<unknown> {
  const columns = sql`type text, mapping text, epoch bigint, verdict text, count bigint`
  await tx.run(
    sql`insert into crossfade.shadow_verdicts as v (entity, mapping, epoch, verdict, count)
        select type, mapping, epoch, verdict, count from ${rowsOf(rows, columns)} order by 1, 2, 3, 4
        on conflict (entity, mapping, epoch, verdict)
          do update set count = v.count + excluded.count, at = clock_timestamp()`,
  )
  return tx.run(
    sql`insert into crossfade.verdict_hours as v (entity, hour, verdict, count)
        select type, ${hourOf(sql`now()`)}, verdict, sum(count) from ${rowsOf(rows, columns)}
        group by 1, 2, 3 order by 1, 2, 3
        on conflict (entity, hour, verdict) do update set count = v.count + excluded.count`,
  )
}

/** A field that several selections hold comes once for each of them. */
async function addCoverage(tx: Executor, rows: Seen['coverage']): Promise<unknown> {
  const columns = sql`type text, mapping text, epoch bigint, resolver text, path text, read bigint, compared bigint,
    matched bigint, repeated bigint, flapped bigint, "agoMs" float8`
  return tx.run(
    sql`insert into crossfade.shadow_coverage as c
          (entity, mapping, epoch, resolver, path, read, compared, matched, repeated, flapped, compared_at)
        select type, mapping, epoch, resolver, path, sum(read), sum(compared), sum(matched), sum(repeated),
          sum(flapped), ${ago(sql`min("agoMs")`)}
        from ${rowsOf(rows, columns)} group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
        on conflict (entity, mapping, epoch, resolver, path) do update set
          read = c.read + excluded.read, compared = c.compared + excluded.compared,
          matched = c.matched + excluded.matched, repeated = c.repeated + excluded.repeated,
          flapped = c.flapped + excluded.flapped, compared_at = greatest(c.compared_at, excluded.compared_at),
          at = clock_timestamp()`,
  )
}

async function addFailures(tx: Executor, rows: Seen['failures']): Promise<unknown> {
  const columns = sql`type text, resolver text, store text, kind text, reason text, count bigint`
  return tx.run(
    sql`insert into crossfade.shadow_failures as f (entity, resolver, store, kind, reason, count)
        select type, resolver, store, kind, reason, count from ${rowsOf(rows, columns)}
        order by type, resolver, store, kind, reason
        on conflict (entity, resolver, store, kind, reason)
          do update set count = f.count + excluded.count, last_at = clock_timestamp()`,
  )
}

async function addTimings(tx: Executor, rows: Seen['timings']): Promise<unknown> {
  const columns = sql`type text, resolver text, store text, bucket smallint, count bigint`
  return tx.run(
    sql`insert into crossfade.shadow_timings as t (entity, resolver, store, bucket, count)
        select type, resolver, store, bucket, count from ${rowsOf(rows, columns)} order by type, resolver, store, bucket
        on conflict (entity, resolver, store, bucket) do update set count = t.count + excluded.count`,
  )
}

/** All of it or nothing, in the transaction of the caller. @returns see `Findings.add`. */
export async function addSeen(tx: Executor, seen: Seen): Promise<readonly string[]> {
  const { groups, undecided, verdicts, failures, timings, coverage } = seen
  const opened = groups.length > 0 ? await addGroups(tx, groups) : []
  if (groups.length > 0) await addHours(tx, groups)
  if (groups.length > 0) await addExamples(tx, groups)
  if (undecided.length > 0) await addUndecided(tx, undecided)
  if (verdicts.length > 0) await addVerdicts(tx, verdicts)
  if (failures.length > 0) await addFailures(tx, failures)
  if (timings.length > 0) await addTimings(tx, timings)
  if (coverage.length > 0) await addCoverage(tx, coverage)
  return opened
}

/**
 * Forgets what was counted under a mapping or at an epoch that nothing was read under for so many days: each deployment
 * may bring a mapping, and each move an epoch.
 */
export async function forgetOldCounts(tx: Executor, days: number): Promise<void> {
  for (const table of ['shadow_verdicts', 'shadow_coverage'])
    await tx.run(
      sql`delete from ${sql.table(`crossfade.${table}`)} where at < clock_timestamp() - ${days}::int * interval '1 day'`,
    )
}
