import { type RawBuilder, sql } from 'kysely'
import type { Entity, Leaf } from '../../entity/entity.ts'
import {
  type Aggregate,
  type AggregatePlan,
  type Group,
  isMeasure,
  output,
  type PlannedMeasure,
  planAggregate,
  toGroup,
} from '../../query/aggregate.ts'
import { decodeLeaf, type Row } from './codec/decode.ts'
import type { PostgresConnection } from './connection.ts'
import { columnOf, tableOf } from './select.ts'
import { operators, translate } from './where.ts'

type Sql = RawBuilder<unknown>

/** A double counts as its shortest decimal text, which Postgres prints; its own cast to numeric stops at 15 digits. */
const sumOf = (leaf: Leaf): Sql =>
  leaf.kind === 'float' ? sql`sum(${columnOf(leaf)}::text::numeric)` : sql`sum(${columnOf(leaf)}::numeric)`
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
  const parts = [
    ...by.map((leaf, index) => sql`${columnOf(leaf)} as ${sql.id(output.key(index))}`),
    sql`count(*) as count`,
  ]
  measures.forEach((measure, index) => {
    const { op, leaf } = measure
    if (op === 'min' || op === 'max') parts.push(sql`${measured(measure)} as ${sql.id(output.extreme(index))}`)
    else if (leaf) {
      parts.push(
        sql`${sumOf(leaf)} as ${sql.id(output.sum(index))}`,
        sql`${countOf(leaf)} as ${sql.id(output.counted(index))}`,
      )
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

export async function aggregate(
  connection: PostgresConnection,
  entity: Entity,
  asked: Aggregate,
  signal?: AbortSignal,
): Promise<Group[]> {
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
    signal,
  )
  return rows.map((row) => toGroup(plan, row, decodeLeaf))
}
