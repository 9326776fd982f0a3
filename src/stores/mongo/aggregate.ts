import { Decimal128, type Document } from 'mongodb'
import type { Entity, Leaf } from '../../entity/entity.ts'
import {
  type Aggregate,
  type AggregatePlan,
  type Found,
  type Group,
  isMeasure,
  nothingFound,
  type PlannedMeasure,
  planAggregate,
  toGroup,
} from '../aggregate.ts'
import { allOf } from './all-of.ts'
import { decoded } from './codec/expression.ts'
import { mongoKind } from './codec/mongo-kinds.ts'
import type { MongoConnection } from './connection.ts'
import { visible } from './visible.ts'
import { translate } from './where.ts'

/** Names in the pipeline are numbers: those of the caller may hold dots and dollars. */
const sumOf = (index: number): string => `s${index}`
const countOf = (index: number): string => `n${index}`
const extremeOf = (index: number): string => `x${index}`
const averageOf = (index: number): string => `a${index}`

function accumulators(measures: readonly PlannedMeasure[]): Document {
  const group: Document = { count: { $sum: 1 } }
  measures.forEach(({ op, leaf }, index) => {
    if (!leaf) return
    const value = decoded(leaf)
    if (op === 'min' || op === 'max') group[extremeOf(index)] = { [`$${op}`]: value }
    else {
      // Decimals add exactly; doubles are taken to 15 digits, as Postgres makes them numeric
      group[sumOf(index)] = { $sum: { $toDecimal: value } }
      group[countOf(index)] = { $sum: { $cond: [{ $eq: [value, null] }, 0, 1] } }
    }
  })
  return group
}

function chosen({ having, measures }: AggregatePlan): Document[] {
  return having.map(({ measure, op, value }) => {
    const limit = Decimal128.fromString(value)
    if (measure.op === 'count') return { $expr: { [`$${op}`]: ['$count', limit] } }
    const index = measures.indexOf(measure)
    const [sum, count] = [`$${sumOf(index)}`, `$${countOf(index)}`]
    const against = measure.op === 'sum' ? limit : { $multiply: [limit, count] }
    return { $expr: { $and: [{ $gt: [count, 0] }, { [`$${op}`]: [sum, against] }] } }
  })
}

function sorting({ order, measures, by }: AggregatePlan): { computed: Document; sort: Document } {
  const computed: Document = {}
  const sort: Document = {}
  for (const { key, direction } of order) {
    let name: string
    if (!isMeasure(key)) name = `_id.k${by.indexOf(key)}`
    else if (key.op === 'count') name = 'count'
    else {
      const index = measures.indexOf(key)
      const [sum, count] = [`$${sumOf(index)}`, `$${countOf(index)}`]
      const value = key.op === 'sum' ? sum : { $toDouble: { $divide: [sum, count] } }
      name = key.op === 'min' || key.op === 'max' ? extremeOf(index) : averageOf(index)
      if (name === averageOf(index)) computed[name] = { $cond: [{ $gt: [count, 0] }, value, null] }
    }
    sort[name] = direction === 'asc' ? 1 : -1
  }
  return { computed, sort }
}

const decode = (leaf: Leaf, raw: unknown): unknown => (raw == null ? null : mongoKind(leaf.kind).decode(raw))

function foundIn({ by, measures }: AggregatePlan, document: Document): Found {
  const sums: Record<string, { sum: string; count: number }> = {}
  const extremes: Record<string, unknown> = {}
  measures.forEach(({ name, op, leaf }, index) => {
    if (op === 'min' || op === 'max') extremes[name] = decode(leaf!, document[extremeOf(index)])
    else if (leaf) sums[name] = { sum: String(document[sumOf(index)]), count: document[countOf(index)] as number }
  })
  const keys = (document['_id'] ?? {}) as Document
  return { by: by.map((leaf, index) => decode(leaf, keys[`k${index}`])), count: document['count'], sums, extremes }
}

export async function aggregate(connection: MongoConnection, entity: Entity, asked: Aggregate): Promise<Group[]> {
  const plan = planAggregate(entity, asked)
  const _id =
    plan.by.length === 0 ? null : Object.fromEntries(plan.by.map((leaf, index) => [`k${index}`, decoded(leaf)]))
  const { computed, sort } = sorting(plan)
  const pipeline: Document[] = [
    { $match: allOf(translate(entity, asked.where), visible(entity)) },
    { $group: { _id, ...accumulators(plan.measures) } },
  ]
  if (plan.having.length > 0) pipeline.push({ $match: { $and: chosen(plan) } })
  if (Object.keys(computed).length > 0) pipeline.push({ $set: computed })
  if (Object.keys(sort).length > 0) pipeline.push({ $sort: sort })
  pipeline.push({ $limit: asked.limit })
  const options = { maxTimeMS: connection.maxTimeMs }
  const documents = await connection.collection(entity).aggregate(pipeline, options).toArray()
  const found = documents.map((document) => foundIn(plan, document))
  return (plan.by.length === 0 && found.length === 0 ? [nothingFound] : found).map((each) => toGroup(plan, each))
}
