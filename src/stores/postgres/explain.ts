import { sql } from 'kysely'
import { codeOf } from '../../util/errors.ts'
import { type Explaining, NotRun, type Plan, unexplained } from '../plan.ts'
import type { PostgresConnection } from './connection.ts'
import { failureOf } from './errors.ts'
import { indexesIn, judge, type PlanNode, type PlannedIndex } from './plan.ts'
import { compile, type Prepared } from './prepared.ts'

type Settings = Readonly<Record<string, 'on' | 'off'>>

/** Scans of whole tables are planned only where nothing else would do, so that a small table is not judged by its size. */
const asAsked: Settings = { transaction_read_only: 'on', enable_seqscan: 'off' }

/**
 * Likewise those that follow the order of an index: what is left are scans of what a condition finds in an index. On
 * little data, or under a limit, the planner prefers the order though such an index is there.
 */
const byConditions: Settings = { ...asAsked, enable_indexscan: 'off', enable_indexonlyscan: 'off' }

/** In a transaction of its own, which reads, and with which the settings end. */
async function planWith(
  connection: PostgresConnection,
  settings: Settings,
  { text }: Prepared,
  values: readonly unknown[],
): Promise<Plan> {
  return connection.transaction(async (tx) => {
    const set = Object.entries(settings).map(([name, value]) => sql`set_config(${name}, ${value}, true)`)
    await tx.run(sql`select ${sql.join(set)}`)
    const explained = { text: `explain (format json) ${text}`, name: undefined }
    const [row] = await tx.runPrepared<{ 'QUERY PLAN': readonly { readonly Plan: PlanNode }[] }>(explained, values)
    const plan = row!['QUERY PLAN'][0]!.Plan
    const found = await tx.run<PlannedIndex & { readonly name: string }>(
      sql`select c.relname as name, a.amname as method, i.indpred is not null as partial,
            pg_get_indexdef(i.indexrelid, 1, true) as first
          from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
          where c.relname = any(${indexesIn(plan)}::text[]) and pg_table_is_visible(c.oid)`,
    )
    return judge(plan, new Map(found.map((index) => [index.name, index])))
  })
}

/** What a statement reads with its values: everything only where no index can bound what it asks for. */
async function explain(connection: PostgresConnection, statement: Prepared, values: readonly unknown[]): Promise<Plan> {
  try {
    const plan = await planWith(connection, asAsked, statement, values)
    if (plan.reads !== 'everything') return plan
    const other = await planWith(connection, byConditions, statement, values)
    return other.reads === 'bounded' ? other : plan
  } catch (error) {
    return unexplained(failureOf(error), codeOf(error))
  }
}

/** The connection, of which each statement is explained besides. */
export function explained(connection: PostgresConnection, { hear, runs }: Explaining): PostgresConnection {
  const runPrepared: PostgresConnection['runPrepared'] = async (statement, values, signal) => {
    hear(explain(connection, statement, values))
    if (!runs) throw new NotRun()
    return connection.runPrepared(statement, values, signal)
  }
  return {
    ...connection,
    runPrepared,
    run(statement, signal) {
      const { prepared, values } = compile(statement)
      return runPrepared(prepared, values, signal)
    },
  }
}
