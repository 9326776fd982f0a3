import { type RawBuilder, sql } from 'kysely'
import type { Entity, Leaf } from '../../entity/entity.ts'
import {
  type Aggregate,
  type AggregatePlan,
  type Found,
  type Group,
  isMeasure,
  type PlannedMeasure,
  planAggregate,
  toGroup,
} from '../aggregate.ts'
import type { Comparison } from '../query.ts'
import { postgresKind } from './codec/postgres-kinds.ts'
import type { PostgresConnection } from './connection.ts'
import { columnOf, tableOf } from './select.ts'
import { translate } from './where.ts'

type Sql = RawBuilder<unknown>
type Row = Readonly<Record<string, unknown>>

const operators: Record<Comparison, string> = { eq: '=', lt: '<', lte: '<=', gt: '>', gte: '>=' }

const sumOf = (leaf: Leaf): Sql => sql`sum(${columnOf(leaf)}::numeric)`
const countOf = (leaf: Leaf): Sql => sql`count(${columnOf(leaf)})`

/** With 40 places, more than a decimal128 has, so that both stores round the same quotient to a double. */
const averageOf = (leaf: Leaf): Sql => sql`((${sumOf(leaf)} + 0e-40) / nullif(${countOf(leaf)}, 0))::double precision`

function measured({ op, leaf }: PlannedMeasure): Sql {
  if (op === 'count') return sql`count(*)`
  if (op === 'sum') return sumOf(leaf!)
  if (op === 'avg') return averageOf(leaf!)
  return sql`${sql.raw(op)}(${columnOf(leaf!)})`
}

function selected({ by, measures }: AggregatePlan): Sql {
  const parts = [...by.map((leaf, index) => sql`${columnOf(leaf)} as ${sql.id(`k${index}`)}`), sql`count(*) as count`]
  measures.forEach((measure, index) => {
    const { op, leaf } = measure
    if (op === 'min' || op === 'max') parts.push(sql`${measured(measure)} as ${sql.id(`x${index}`)}`)
    else if (leaf) {
      parts.push(sql`${sumOf(leaf)} as ${sql.id(`s${index}`)}`, sql`${countOf(leaf)} as ${sql.id(`n${index}`)}`)
    }
  })
  return sql.join(parts)
}

function chosen({ having }: AggregatePlan): Sql {
  const parts = having.map(({ measure, op, value }) => {
    const limit = sql`${value}::numeric`
    const against = measure.op === 'avg' ? sql`${limit} * ${countOf(measure.leaf!)}` : limit
    const left = measure.op === 'avg' ? sumOf(measure.leaf!) : measured(measure)
    return sql`${left} ${sql.raw(operators[op])} ${against}`
  })
  return sql.join(parts, sql` and `)
}

const decode = (leaf: Leaf, raw: unknown): unknown => (raw == null ? null : postgresKind(leaf.kind).decode(raw))

function foundIn({ by, measures }: AggregatePlan, row: Row): Found {
  const sums: Record<string, { sum: string | null; count: number }> = {}
  const extremes: Record<string, unknown> = {}
  measures.forEach(({ name, op, leaf }, index) => {
    if (op === 'min' || op === 'max') extremes[name] = decode(leaf!, row[`x${index}`])
    else if (leaf) sums[name] = { sum: row[`s${index}`] as string | null, count: Number(row[`n${index}`]) }
  })
  return { by: by.map((leaf, index) => decode(leaf, row[`k${index}`])), count: Number(row['count']), sums, extremes }
}

export async function aggregate(connection: PostgresConnection, entity: Entity, asked: Aggregate): Promise<Group[]> {
  const plan = planAggregate(entity, asked)
  const groupBy = plan.by.length > 0 ? sql`group by ${sql.join(plan.by.map(columnOf))}` : sql``
  const having = plan.having.length > 0 ? sql`having ${chosen(plan)}` : sql``
  const keys = plan.order.map(({ key, direction }) => {
    const value = isMeasure(key) ? measured(key) : columnOf(key)
    return sql`${value} ${sql.raw(direction === 'asc' ? 'asc nulls first' : 'desc nulls last')}`
  })
  const orderBy = keys.length > 0 ? sql`order by ${sql.join(keys)}` : sql``
  const rows = await connection.run<Row>(
    sql`select ${selected(plan)} from ${tableOf(entity)} where ${translate(entity, asked.where)}
        ${groupBy} ${having} ${orderBy} limit ${asked.limit}::int`,
  )
  return rows.map((row) => toGroup(plan, foundIn(plan, row)))
}
