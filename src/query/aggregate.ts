import { canonicalDecimal, digitsOf, quotient } from '../codec/decimal.ts'
import type { KindName } from '../codec/kinds.ts'
import { normalizedValue } from '../entity/canonical-value.ts'
import type { Entity, Leaf } from '../entity/entity.ts'
import { leafAt } from '../entity/leaf-at.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Direction } from './order.ts'
import type { Comparison, Where } from './where.ts'

/**
 * What is computed for a group of records. Null values are left out; of nothing but nulls the sum, average, least and
 * greatest are null.
 */
export type Measure = { readonly op: 'count' } | { readonly op: 'sum' | 'avg' | 'min' | 'max'; readonly path: string }

/** A question about groups of records: one AST that both stores translate. */
export interface Aggregate {
  readonly where: Where
  /** Scalar paths whose values make the groups, null among them; with none all records are one group. */
  readonly by: readonly string[]
  /** By names of the caller's choice. None: the distinct values of `by`. */
  readonly measures: Readonly<Record<string, Measure>>
  /** Conditions on counts, sums and averages that must all hold; values are decimals as text. Null never holds. */
  readonly having: readonly { readonly measure: string; readonly op: Comparison; readonly value: string }[]
  /** Measures or paths of `by`; ties go by the groups' values, ascending. Nulls come first ascending. */
  readonly order: readonly { readonly key: string; readonly direction: Direction }[]
  readonly limit: number
}

/**
 * One group. Counts are numbers, sums decimals as text, averages doubles (one division of the exact sum, made here and
 * not by a store), least and greatest values of the field's kind.
 */
export interface Group {
  readonly by: readonly unknown[]
  readonly measures: Readonly<Record<string, unknown>>
}

/** A measure with its field. `count` has none. */
export interface PlannedMeasure {
  readonly name: string
  readonly op: Measure['op']
  readonly leaf: Leaf | null
}

export interface AggregatePlan {
  readonly by: readonly Leaf[]
  readonly measures: readonly PlannedMeasure[]
  readonly having: readonly { readonly measure: PlannedMeasure; readonly op: Comparison; readonly value: string }[]
  /** Total: every leaf of `by` is among them. */
  readonly order: readonly { readonly key: Leaf | PlannedMeasure; readonly direction: Direction }[]
}

const numeric: ReadonlySet<KindName> = new Set(['int', 'float', 'long', 'decimal'])
/** Postgres has no least boolean or UUID. */
const extremes: ReadonlySet<KindName> = new Set([
  ...numeric,
  'timestamp',
  'text',
  'enum',
  'objectId',
  'longId',
  'compositeId',
])

const refuse = (entity: Entity, why: string): never => {
  throw new CrossfadeError('BAD_USER_INPUT', `${entity.name}: ${why}.`)
}

function planMeasure(entity: Entity, name: string, measure: Measure): PlannedMeasure {
  if (measure.op === 'count') return { name, op: 'count', leaf: null }
  const leaf = leafAt(entity, measure.path)
  const kinds = measure.op === 'min' || measure.op === 'max' ? extremes : numeric
  if (leaf.list !== 'none' || !kinds.has(leaf.kind)) refuse(entity, `${leaf.path} has no ${measure.op}`)
  return { name, op: measure.op, leaf }
}

export const isMeasure = (key: Leaf | PlannedMeasure): key is PlannedMeasure => 'op' in key

const maxGroups = 10_000
/** Digits of a limit that averages are held against: times a count it must stay below the 34 of a decimal128. */
const maxLimitDigits = 20

function checkLimit(entity: Entity, limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxGroups) return
  refuse(entity, `the limit must be a whole number between 1 and ${maxGroups}, got ${limit}`)
}

/** Checks the question against the mapping. @throws BAD_USER_INPUT for what a field's kind cannot be asked. */
export function planAggregate(entity: Entity, { by, measures, having, order, limit }: Aggregate): AggregatePlan {
  checkLimit(entity, limit)
  const groups = by.map((path) => {
    const leaf = leafAt(entity, path)
    if (leaf.list !== 'none' || leaf.kind === 'json' || leaf.kind === 'binary')
      refuse(entity, `${path} makes no groups`)
    return leaf
  })
  if (groups.length === 0 && having.length + order.length > 0) refuse(entity, 'one group is neither chosen nor ordered')
  const planned = Object.entries(measures).map(([name, measure]) => planMeasure(entity, name, measure))
  const byName = (name: string): PlannedMeasure =>
    planned.find((each) => each.name === name) ?? refuse(entity, `there is no measure ${name}`)
  const conditions = having.map(({ measure: name, op, value }) => {
    const measure = byName(name)
    if (measure.op === 'min' || measure.op === 'max') refuse(entity, `groups are not chosen by ${measure.op}`)
    const decimal = canonicalDecimal(value) ?? refuse(entity, `"${value.slice(0, 60)}" is not a decimal`)
    if (measure.op === 'avg' && digitsOf(decimal) > maxLimitDigits)
      refuse(entity, `an average must be held against at most ${maxLimitDigits} digits, got ${decimal}`)
    return { measure, op, value: decimal }
  })
  const keys = order.map(({ key, direction }) => ({
    key: groups.find(({ path }) => path === key) ?? byName(key),
    direction,
  }))
  const rest = groups.filter((leaf) => !keys.some(({ key }) => key === leaf))
  return {
    by: groups,
    measures: planned,
    having: conditions,
    order: [...keys, ...rest.map((key) => ({ key, direction: 'asc' as const }))],
  }
}

/** Names of what both stores compute for a group, by the place in the plan: a caller's names may hold anything. */
export const output = {
  key: (index: number): string => `k${index}`,
  sum: (index: number): string => `s${index}`,
  /** How many values are in the sum. */
  counted: (index: number): string => `n${index}`,
  extreme: (index: number): string => `x${index}`,
}

/**
 * A group from what a store computed; of an empty row the group of nothing.
 *
 * @param decode a value of a leaf, as the store returns it.
 */
export function toGroup(
  plan: AggregatePlan,
  row: Readonly<Record<string, unknown>>,
  decode: (leaf: Leaf, raw: unknown) => unknown,
): Group {
  // Which of equal values a store takes is its own affair
  const told = (leaf: Leaf, raw: unknown): unknown => normalizedValue(leaf, decode(leaf, raw))
  const measured = ({ op, leaf }: PlannedMeasure, index: number): unknown => {
    if (leaf === null) return Number(row['count'] ?? 0)
    if (op === 'min' || op === 'max') return told(leaf, row[output.extreme(index)])
    const counted = Number(row[output.counted(index)] ?? 0)
    if (counted === 0) return null
    const sum = String(row[output.sum(index)])
    return op === 'sum' ? (canonicalDecimal(sum) ?? sum) : quotient(sum, counted)
  }
  return {
    by: plan.by.map((leaf, index) => told(leaf, row[output.key(index)])),
    measures: Object.fromEntries(plan.measures.map((measure, index) => [measure.name, measured(measure, index)])),
  }
}
