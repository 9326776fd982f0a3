import { sql } from 'kysely'
import { Seldom } from '../../util/seldom.ts'
import type { Basis, Coverage } from '../coverage.ts'
import type {
  Failures,
  Findings,
  FoundOfRecord,
  MismatchExample,
  MismatchGroup,
  Timing,
  Undecided,
} from '../findings.ts'
import { addSeen, forgetOldCounts } from './add-seen.ts'
import type { PostgresConnection } from './connection.ts'
import { expireFindings, forgetInFindings } from './forget-findings.ts'
import { groupByPrefix, groupsWhere, inState, searchGroups } from './groups.ts'
import { lastChange, recentCounts, recentVerdicts } from './hours.ts'
import { note } from './triage.ts'

const count = sql`count::float8 as count` // exact up to 2^53, and a number to the driver
const readPlace = sql`entity as type, resolver, store`

/** What nobody read for so long says nothing of the present state. */
const countedDays = 90
const hourMs = 3_600_000

/** What was counted of a type under a mapping, from an epoch on. */
const ofBasis = (type: string, { mapping, epoch }: Basis) =>
  sql`entity = ${type} and mapping = ${mapping} and epoch >= ${epoch}::bigint`

export function postgresFindings(connection: PostgresConnection): Findings {
  const forgets = new Seldom(hourMs)

  return {
    async add(seen) {
      const opened = await connection.transaction((tx) => addSeen(tx, seen))
      if (forgets.due('counts') !== null) await forgetOldCounts(connection, countedDays)
      return opened
    },

    groups: (which = 'open') => groupsWhere(connection, inState[which]),

    search: (search) => searchGroups(connection, search),

    async show(prefix) {
      const group = await groupByPrefix(connection, prefix)
      if (!group) return null
      const examples = await connection.run<MismatchExample>(
        sql`select id, at, example from crossfade.mismatch_examples where fingerprint = ${group.fingerprint}
            order by at desc, n desc`,
      )
      return { group, examples }
    },

    ofRecord: (type, id, limit) =>
      connection.run<FoundOfRecord>(
        sql`select g.fingerprint, g.entity as type, g.resolver, g.kind, g.path, e.at
            from crossfade.mismatch_examples e join crossfade.mismatch_groups g using (fingerprint)
            where e.id = ${id} and g.entity = ${type} order by e.at desc, e.n desc limit ${limit}::int`,
      ),

    recent: (fingerprints, hours) => recentCounts(connection, fingerprints, hours),

    close: (prefix, why, by) =>
      connection.transaction(async (tx): Promise<MismatchGroup | null> => {
        const group = await groupByPrefix(tx, prefix)
        if (!group) return null
        const closed = await tx.run(
          sql`update crossfade.mismatch_groups set closed_at = clock_timestamp(), closed_why = ${why}, is_bug = false
              where fingerprint = ${group.fingerprint} and closed_at is null returning fingerprint`,
        )
        if (closed.length === 0) return null
        await note(tx, group.fingerprint, { by, act: 'closed', text: why, until: null })
        return groupByPrefix(tx, group.fingerprint)
      }),

    undecided: () =>
      connection.run<Undecided>(
        sql`select entity as type, reason, ${count}, id,
              (extract(epoch from last_at - owed_since) * 1000)::float8 as "owedMs", first_at as "firstAt",
              last_at as "lastAt"
            from crossfade.shadow_undecided order by entity, reason`,
      ),

    verdicts: () =>
      connection.run(
        sql`select entity as type, verdict, sum(count)::float8 as count from crossfade.shadow_verdicts
            group by 1, 2 order by 1, 2`,
      ),

    recentVerdicts: (hours) => recentVerdicts(connection, hours),
    lastChange: () => lastChange(connection),

    async comparisons(type, mapping, sinceEpoch) {
      const rows = await connection.run<{ verdict: string; count: number }>(
        sql`select verdict, sum(count)::float8 as count from crossfade.shadow_verdicts
            where ${ofBasis(type, { mapping, epoch: sinceEpoch })} group by verdict order by verdict`,
      )
      return Object.fromEntries(rows.map((row) => [row.verdict, row.count]))
    },

    coverage: (type, mapping, sinceEpoch) =>
      connection.run<Coverage>(
        sql`select resolver, path, sum(read)::float8 as read, sum(compared)::float8 as compared,
              sum(matched)::float8 as matched, sum(repeated)::float8 as repeated, sum(flapped)::float8 as flapped,
              max(compared_at) as "lastAt"
            from crossfade.shadow_coverage where ${ofBasis(type, { mapping, epoch: sinceEpoch })}
            group by resolver, path order by path, resolver`,
      ),

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
        sql`truncate crossfade.mismatch_groups, crossfade.mismatch_examples, crossfade.mismatch_hours,
              crossfade.mismatch_notes,
              crossfade.mismatch_rules, crossfade.shadow_undecided, crossfade.shadow_verdicts, crossfade.shadow_coverage,
              crossfade.shadow_failures, crossfade.shadow_timings, crossfade.verdict_hours`,
      )
    },

    expire: (olderThanMs, limit) => expireFindings(connection, olderThanMs, limit),

    forget: (type, id, removes) => forgetInFindings(connection, type, id, removes),
  }
}
