import { type RawBuilder, sql } from 'kysely'
import { coveringRule } from '../../compare/rules.ts'
import type { MismatchGroup } from '../findings.ts'
import type { KeptRule } from '../kept-rule.ts'
import type { Executor } from './executor.ts'

type GroupRow = Omit<MismatchGroup, 'rule'>

const columns = sql`fingerprint, entity as type, resolver, kind, path, mismatch_groups.count::float8 as count,
  first_at as "firstAt", last_at as "lastAt", closed_at as "closedAt", closed_why as "closedWhy",
  reopened_at as "reopenedAt", is_bug as "isBug", assignee`

export const ruleColumns = sql`name, fingerprint as "group", entity as type, kind, path, resolver, verdict, by, why, at,
  until, until > clock_timestamp() as "isInForce"`

export const rulesInForce = (executor: Executor): Promise<readonly KeptRule[]> =>
  executor.run<KeptRule>(
    sql`select ${ruleColumns} from crossfade.mismatch_rules where until > clock_timestamp() order by name`,
  )

/** Groups that a condition selects, most frequent first, each with the rule that covers it by now. */
export async function groupsWhere(
  executor: Executor,
  condition: RawBuilder<unknown>,
  limit: number | null = null,
): Promise<MismatchGroup[]> {
  const rows = await executor.run<GroupRow>(
    sql`select ${columns} from crossfade.mismatch_groups where ${condition}
        order by mismatch_groups.count desc, fingerprint limit ${limit}::int`,
  )
  const rules = rows.length > 0 ? await rulesInForce(executor) : []
  return rows.map((row) => ({ ...row, rule: coveringRule(rules, row) }))
}

/** By fingerprint or an unambiguous beginning of one; null where there is none. */
export async function groupByPrefix(executor: Executor, prefix: string): Promise<MismatchGroup | null> {
  const groups = await groupsWhere(executor, sql`starts_with(fingerprint, ${prefix}::text)`, 2)
  return groups.length === 1 ? groups[0]! : null
}
