import { type RawBuilder, sql } from 'kysely'
import { coveringRule } from '../../compare/rules.ts'
import type { FoundGroups, GroupSearch, GroupSort, GroupState, MismatchGroup } from '../findings.ts'
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

/** Whether a rule in force covers a group, as `coveringRule` has it. @param g what its table goes by. */
export const isCoveredAs = (g: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`exists (select from crossfade.mismatch_rules r where r.until > clock_timestamp() and r.entity = ${g}.entity
    and r.kind = ${g}.kind and r.path = ${g}.path and (r.resolver is null or r.resolver = ${g}.resolver))`

const isCovered = isCoveredAs(sql`mismatch_groups`)

export const inState: Readonly<Record<GroupState, RawBuilder<unknown>>> = {
  open: sql`closed_at is null and not ${isCovered}`,
  covered: sql`closed_at is null and ${isCovered}`,
  closed: sql`closed_at is not null`,
}

const sortColumns: Readonly<Record<GroupSort, RawBuilder<unknown>>> = {
  count: sql`mismatch_groups.count`,
  firstAt: sql`first_at`,
  lastAt: sql`last_at`,
}

/** Default: all, the most frequent first. */
interface Part {
  readonly sort?: GroupSort
  readonly limit?: number
  readonly offset?: number
}

/** Groups that a condition selects, each with the rule that covers it by now. */
export async function groupsWhere(
  executor: Executor,
  condition: RawBuilder<unknown>,
  { sort = 'count', limit, offset = 0 }: Part = {},
): Promise<MismatchGroup[]> {
  const rows = await executor.run<GroupRow>(
    sql`select ${columns} from crossfade.mismatch_groups where ${condition}
        order by ${sortColumns[sort]} desc, fingerprint limit ${limit ?? null}::int offset ${offset}::int`,
  )
  const rules = rows.length > 0 ? await rulesInForce(executor) : []
  return rows.map((row) => ({ ...row, rule: coveringRule(rules, row) }))
}

/** By fingerprint or an unambiguous beginning of one; null where there is none. */
export async function groupByPrefix(executor: Executor, prefix: string): Promise<MismatchGroup | null> {
  const groups = await groupsWhere(executor, sql`starts_with(fingerprint, ${prefix}::text)`, { limit: 2 })
  return groups.length === 1 ? groups[0]! : null
}

/** Of each group, what a text is looked for in. */
const searched = sql`lower(concat_ws(' ', fingerprint, resolver, path, assignee))`

/** See `Findings.search`. */
export async function searchGroups(
  executor: Executor,
  { state, type, kind, text, ...part }: GroupSearch,
): Promise<FoundGroups> {
  const conditions = [
    state === undefined ? [] : inState[state],
    type === undefined ? [] : sql`entity = ${type}`,
    kind === undefined ? [] : sql`kind = ${kind}`,
    text === undefined ? [] : sql`strpos(${searched}, lower(${text}::text)) > 0`,
  ].flat()
  const condition = sql.join([sql`true`, ...conditions], sql` and `)
  const [groups, [counted]] = await Promise.all([
    groupsWhere(executor, condition, part),
    executor.run<{ total: number }>(
      sql`select count(*)::float8 as total from crossfade.mismatch_groups where ${condition}`,
    ),
  ])
  return { groups, total: counted!.total }
}
