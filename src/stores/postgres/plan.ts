import { type Plan, planOf, type Scan } from '../plan.ts'

/** A node of `EXPLAIN (FORMAT JSON)`: https://www.postgresql.org/docs/18/using-explain.html */
export interface PlanNode {
  readonly 'Node Type': string
  readonly 'Parent Relationship'?: string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly 'One-Time Filter'?: string
  readonly 'Join Type'?: string
  readonly Filter?: string
  readonly Plans?: readonly PlanNode[]
}

/** What a plan does not tell of an index. */
export interface PlannedIndex {
  readonly method: string
  /** As SQL names its first column, quoted where it must be. */
  readonly first: string
  /** It leaves rows out, which bounds nothing: it may hold nearly all of them. */
  readonly partial: boolean
}

/** Scans of what is no table. */
const tableless: ReadonlySet<string> = new Set([
  'CTE Scan',
  'Function Scan',
  'Named Tuplestore Scan',
  'ProjectSet',
  'Result',
  'Subquery Scan',
  'Table Function Scan',
  'Values Scan',
  'WorkTable Scan',
])

/** What hands on each row of its first input at once, so that a limit above ends the scan below. */
const streaming: ReadonlySet<string> = new Set([
  'Append',
  'Incremental Sort', // by groups of equal leading keys
  'Limit',
  'LockRows',
  'Merge Append',
  'ProjectSet',
  'Result',
  'Subquery Scan',
])

/** What reads its inputs to the end, or leaves rows of them out. */
const others: ReadonlySet<string> = new Set([
  'Aggregate',
  'BitmapAnd',
  'BitmapOr',
  'Gather',
  'Gather Merge',
  'Group',
  'Hash',
  'Hash Join',
  'Materialize',
  'Memoize',
  'Merge Join',
  'ModifyTable',
  'Nested Loop',
  'Recursive Union',
  'SetOp',
  'Sort',
  'Unique',
  'WindowAgg',
])

const literals = /E?'(?:[^']|'')*'/g
const notNull = /(?:"(?:[^"]|"")+"|[\w.])+ IS NOT NULL/g

/**
 * Whether a condition bounds a scan of an index: in a B-tree only one on its first column does, which asks for more
 * than that there is a value. Literals are left out, since they may hold any text.
 */
function isBounded(condition: string | undefined, index: PlannedIndex | undefined): boolean {
  if (condition === undefined) return false
  // Expressions are written otherwise in conditions than in definitions
  if (index?.method !== 'btree' || !/^(\w+|"(?:[^"]|"")+")$/.test(index.first)) return true
  const names: readonly string[] =
    condition
      .replaceAll(literals, '')
      .replaceAll(notNull, '')
      .match(/"(?:[^"]|"")+"|\w+/g) ?? []
  return names.includes(index.first)
}

/**
 * Judges a plan: which tables it reads as a whole. A limit excuses a scan that it ends early, which is one that has no
 * filter, with nothing in between that needs all rows or leaves some out.
 */
export function judge(plan: PlanNode, indexes: ReadonlyMap<string, PlannedIndex>): Plan {
  function of(node: PlanNode, table = node['Relation Name']): string {
    const name = node['Index Name']
    if (name !== undefined && indexes.get(name)?.partial) return `the index ${name}${table ? ` of ${table}` : ''}`
    return table ?? name ?? 'a table'
  }

  function* scans(node: PlanNode, within: PlanNode | null, endsEarly: boolean): Generator<Scan> {
    const { 'Node Type': type, Filter: filter, Plans: inputs = [] } = node
    const ended = endsEarly && filter === undefined
    const index = indexes.get(node['Index Name'] ?? '')
    const isServed = isBounded(node['Index Cond'], index)
    if (/^(Seq|Sample) Scan$/.test(type)) {
      if (!ended) yield { whole: of(node) }
    } else if (/^Index( Only)? Scan$/.test(type)) {
      if (!isServed && !ended) yield { whole: of(node) }
    } else if (type === 'Bitmap Index Scan') {
      if (!isServed) yield { whole: of(node, within?.['Relation Name']) }
    } else if (node['One-Time Filter'] === 'false') {
      yield { unknown: 'with these values it reads nothing, which tells nothing' }
    } else if (type !== 'Bitmap Heap Scan' && !/^Tid (Range )?Scan$/.test(type)) {
      const isKnown = tableless.has(type) || streaming.has(type) || others.has(type)
      if (!isKnown) yield { unknown: `its plan has a node of an unknown kind (${type})` }
    }
    for (const [at, input] of inputs.entries()) {
      const isFirst = at === 0 && !/^(Inner|InitPlan|SubPlan)$/.test(input['Parent Relationship'] ?? '')
      const isMember = input['Parent Relationship'] === 'Member' // of an Append
      // A left join leaves no row of its outer side out
      const passes = streaming.has(type) || (type === 'Nested Loop' && node['Join Type'] === 'Left')
      const early = (isFirst || isMember) && passes && (type === 'Limit' || ended)
      yield* scans(input, type === 'Bitmap Heap Scan' ? node : within, early)
    }
  }

  return planOf([...scans(plan, null, false)])
}

/** The names of the indexes in a plan. */
export const indexesIn = ({ 'Index Name': name, Plans: inputs = [] }: PlanNode): string[] => [
  ...(name === undefined ? [] : [name]),
  ...inputs.flatMap(indexesIn),
]
