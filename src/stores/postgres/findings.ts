import { type RawBuilder, sql } from 'kysely'
import {
  type Failures,
  type Findings,
  type MismatchExample,
  type MismatchGroup,
  maxExamples,
  type Seen,
  type SeenGroup,
  type Timing,
  type Undecided,
} from '../findings.ts'
import type { PostgresConnection } from './connection.ts'
import type { Executor } from './executor.ts'

type Sql = RawBuilder<unknown>

const count = sql`count::float8 as count` // exact up to 2^53, and a number to the driver
const readPlace = sql`entity as type, resolver, store`
const groupColumns = sql`fingerprint, entity as type, resolver, kind, path, ${count}, first_at as "firstAt",
  last_at as "lastAt", closed_at as "closedAt", closed_why as "closedWhy", reopened_at as "reopenedAt"`

/** A list of objects as rows: one parameter, whatever their number. */
const rowsOf = (rows: readonly object[], columns: Sql): Sql =>
  sql`json_to_recordset(${JSON.stringify(rows)}::json) as r(${columns})`

/** What was found while a gateway could not tell is as old as it says, by this store's clock. */
const ago = (ms: Sql): Sql => sql`clock_timestamp() - ${ms} * interval '1 millisecond'`

/**
 * Counts are added up, in one order for all gateways, so that none waits for another in a circle. A group that was
 * closed after the last of the mismatches were found stays closed; otherwise it begins anew.
 */
async function addGroups(tx: Executor, groups: readonly SeenGroup[]): Promise<unknown> {
  const columns = sql`fingerprint text, type text, resolver text, kind text, path text, count bigint, "firstMs" float8, "lastMs" float8`
  const isBack = sql`(g.closed_at < excluded.last_at)`
  return tx.run(
    sql`insert into crossfade.mismatch_groups as g (fingerprint, entity, resolver, kind, path, count, first_at, last_at)
        select fingerprint, type, resolver, kind, path, count, ${ago(sql`r."firstMs"`)}, ${ago(sql`r."lastMs"`)}
        from ${rowsOf(
          groups.map(({ examples: _, ...group }) => group),
          columns,
        )} order by fingerprint
        on conflict (fingerprint) do update set
          count = case when ${isBack} then excluded.count else g.count + excluded.count end,
          first_at = case when ${isBack} then excluded.first_at else least(g.first_at, excluded.first_at) end,
          last_at = greatest(g.last_at, excluded.last_at),
          reopened_at = case when ${isBack} then excluded.last_at else g.reopened_at end,
          closed_at = case when ${isBack} then null else g.closed_at end`,
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
  return tx.run(
    sql`insert into crossfade.shadow_verdicts as v (entity, verdict, count)
        select type, verdict, count from ${rowsOf(rows, sql`type text, verdict text, count bigint`)} order by type, verdict
        on conflict (entity, verdict) do update set count = v.count + excluded.count`,
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

export function postgresFindings(connection: PostgresConnection): Findings {
  const byPrefix = async (prefix: string): Promise<MismatchGroup | null> => {
    const groups = await connection.run<MismatchGroup>(
      sql`select ${groupColumns} from crossfade.mismatch_groups where starts_with(fingerprint, ${prefix}::text) limit 2`,
    )
    return groups.length === 1 ? groups[0]! : null
  }

  return {
    async add({ groups, undecided, verdicts, failures, timings }) {
      await connection.transaction(async (tx) => {
        if (groups.length > 0) {
          await addGroups(tx, groups)
          await addExamples(tx, groups)
        }
        if (undecided.length > 0) await addUndecided(tx, undecided)
        if (verdicts.length > 0) await addVerdicts(tx, verdicts)
        if (failures.length > 0) await addFailures(tx, failures)
        if (timings.length > 0) await addTimings(tx, timings)
      })
    },

    groups: (closed = false) =>
      connection.run<MismatchGroup>(
        sql`select ${groupColumns} from crossfade.mismatch_groups where (closed_at is not null) = ${closed}::boolean
            order by mismatch_groups.count desc, fingerprint`,
      ),

    async show(prefix) {
      const group = await byPrefix(prefix)
      if (!group) return null
      const examples = await connection.run<MismatchExample>(
        sql`select id, at, example from crossfade.mismatch_examples where fingerprint = ${group.fingerprint}
            order by at desc, n desc`,
      )
      return { group, examples }
    },

    async close(prefix, why) {
      const group = await byPrefix(prefix)
      if (!group) return null
      const closed = await connection.run<MismatchGroup>(
        sql`update crossfade.mismatch_groups set closed_at = clock_timestamp(), closed_why = ${why}
            where fingerprint = ${group.fingerprint} and closed_at is null returning ${groupColumns}`,
      )
      return closed[0] ?? null
    },

    undecided: () =>
      connection.run<Undecided>(
        sql`select entity as type, reason, ${count}, id,
              (extract(epoch from last_at - owed_since) * 1000)::float8 as "owedMs", first_at as "firstAt",
              last_at as "lastAt"
            from crossfade.shadow_undecided order by entity, reason`,
      ),

    verdicts: () =>
      connection.run(sql`select entity as type, verdict, ${count} from crossfade.shadow_verdicts order by 1, 2`),

    failures: (kind) =>
      connection.run<Failures>(
        sql`select ${readPlace}, kind, reason, ${count}, last_at as "lastAt" from crossfade.shadow_failures
            where ${kind ?? null}::text is null or kind = ${kind ?? null} order by kind, entity, resolver, store, reason`,
      ),

    timings: () =>
      connection.run<Timing>(
        sql`select ${readPlace}, bucket, ${count} from crossfade.shadow_timings order by entity, resolver, store, bucket`,
      ),

    async clearTimings() {
      await connection.run(sql`truncate crossfade.shadow_timings, crossfade.shadow_failures`)
    },

    async clear() {
      await connection.run(
        sql`truncate crossfade.mismatch_groups, crossfade.mismatch_examples, crossfade.shadow_undecided,
              crossfade.shadow_verdicts, crossfade.shadow_failures, crossfade.shadow_timings`,
      )
    },
  }
}
