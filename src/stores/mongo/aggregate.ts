import { Decimal128, type Document } from 'mongodb'
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
import { allOf } from './all-of.ts'
import { decodeLeaf } from './codec/decode.ts'
import { asDecimal, decoded } from './codec/expression.ts'
import type { MongoConnection } from './connection.ts'
import { readDocuments } from './read-documents.ts'
import { visible } from './visible.ts'
import { translate } from './where.ts'

function accumulators(measures: readonly PlannedMeasure[]): Document {
  const group: Document = { count: { $sum: 1 } }
  measures.forEach(({ op, leaf }, index) => {
    if (!leaf) return
    const value = decoded(leaf)
    if (op === 'min' || op === 'max') group[output.extreme(index)] = { [`$${op}`]: value }
    else {
      group[output.sum(index)] = { $sum: asDecimal(leaf, value) }
      group[output.counted(index)] = { $sum: { $cond: [{ $eq: [value, null] }, 0, 1] } }
    }
  })
  return group
}

function chosen({ having, measures }: AggregatePlan): Document[] {
  return having.map(({ measure, op, value }) => {
    const limit = Decimal128.fromString(value)
    if (measure.op === 'count') return { $expr: { [`$${op}`]: ['$count', limit] } }
    const index = measures.indexOf(measure)
    const [sum, count] = [`$${output.sum(index)}`, `$${output.counted(index)}`]
    const against = measure.op === 'sum' ? limit : { $multiply: [limit, count] }
    return { $expr: { $and: [{ $gt: [count, 0] }, { [`$${op}`]: [sum, against] }] } }
  })
}

/** The order's keys, and those that must be computed first: a sum or average of no values is null. */
function sorting({ order, measures, by }: AggregatePlan): { computed: Document; sort: Document } {
  const computed: Document = {}
  const nameOf = (key: Leaf | PlannedMeasure): string => {
    if (!isMeasure(key)) return `_id.${output.key(by.indexOf(key))}`
    if (key.op === 'count') return 'count'
    const index = measures.indexOf(key)
    if (key.op === 'min' || key.op === 'max') return output.extreme(index)
    const [sum, counted] = [`$${output.sum(index)}`, `$${output.counted(index)}`]
    const value = key.op === 'sum' ? sum : { $toDouble: { $divide: [sum, counted] } }
    computed[`o${index}`] = { $cond: [{ $gt: [counted, 0] }, value, null] }
    return `o${index}`
  }
  const sort = Object.fromEntries(order.map(({ key, direction }) => [nameOf(key), direction === 'asc' ? 1 : -1]))
  return { computed, sort }
}

const decode = (leaf: Leaf, raw: unknown): unknown => decodeLeaf(leaf, raw, null)

export async function aggregate(
  connection: MongoConnection,
  entity: Entity,
  asked: Aggregate,
  signal?: AbortSignal,
): Promise<Group[]> {
  const plan = planAggregate(entity, asked)
  const _id =
    plan.by.length === 0 ? null : Object.fromEntries(plan.by.map((leaf, index) => [output.key(index), decoded(leaf)]))
  const { computed, sort } = sorting(plan)
  const pipeline: Document[] = [
    { $match: allOf(translate(connection, entity, asked.where), visible(entity)) },
    { $group: { _id, ...accumulators(plan.measures) } },
  ]
  if (plan.having.length > 0) pipeline.push({ $match: { $and: chosen(plan) } })
  if (Object.keys(computed).length > 0) pipeline.push({ $set: computed })
  if (Object.keys(sort).length > 0) pipeline.push({ $sort: sort })
  pipeline.push({ $limit: asked.limit })
  const options = { maxTimeMS: connection.maxTimeMs, signal }
  const documents = await readDocuments(
    (more) => connection.reads(entity).aggregate(pipeline, { ...options, ...more }),
    { signal },
  )
  const rows = documents.map(({ _id: keys, ...row }): Document => ({ ...row, ...keys }))
  return (plan.by.length === 0 && rows.length === 0 ? [{}] : rows).map((row) => toGroup(plan, row, decode))
}
