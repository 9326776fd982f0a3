import type { Document } from 'mongodb'
import type { Entity, Leaf } from '../../entity/entity.ts'
import { foldPattern } from '../../util/case-fold.ts'
import type { TextMatch, Where } from '../query.ts'
import { type Translator, translateWith } from '../translate.ts'
import { allOf } from './all-of.ts'
import { decoded, isConverted, isGuarded } from './codec/expression.ts'
import { mongoKind } from './codec/mongo-kinds.ts'

const never: Document = { $nor: [{}] }

/** No parent is an array: a condition on a member would match by element, where decoding gives null. */
function plainParents({ parents }: Leaf): Document {
  return parents.length === 0 ? {} : { $nor: parents.map((path) => ({ [path]: { $type: 'array' } })) }
}

/**
 * A condition on a scalar field: one that holds an array is dirty, and so is one inside an array of objects. Nothing
 * matches inside an empty array, so that a first element tells; some planners leave the index at a `$type`.
 */
function scalarOnly(leaf: Leaf, condition: Document): Document {
  if (leaf.mongo === '_id') return condition
  return allOf(condition, { [`${leaf.mongo}.0`]: { $exists: false } }, plainParents(leaf))
}

const isNull = (leaf: Leaf): Document => ({ $expr: { $eq: [decoded(leaf), null] } })
const isNotNull = (leaf: Leaf): Document => ({ $expr: { $ne: [decoded(leaf), null] } })

/** Numbers of all BSON types compare by value, so that even equality matches decimals and longs that are dirty. */
const isNumber = (leaf: Leaf): boolean => mongoKind(leaf.kind).types.includes('double')

function compared(leaf: Leaf, op: 'eq' | 'lt' | 'lte' | 'gt' | 'gte', value: unknown): Document {
  if (value === null) return op === 'eq' ? isNull(leaf) : never
  const { encode } = mongoKind(leaf.kind)
  const encoded = encode(value)
  if (isConverted(leaf)) {
    const test = { [`$${op}`]: [decoded(leaf), { $literal: encoded }] }
    return allOf(isNotNull(leaf), { $expr: test })
  }
  const condition = scalarOnly(leaf, { [leaf.mongo]: { [`$${op}`]: encoded } })
  // A range may take in values of the right type that are dirty all the same; equality with clean text cannot.
  return isGuarded(leaf) && (op !== 'eq' || isNumber(leaf)) ? allOf(condition, isNotNull(leaf)) : condition
}

function oneOf(leaf: Leaf, values: readonly unknown[]): Document {
  const solid = values.filter((value) => value !== null)
  const branches = values.length > solid.length ? [isNull(leaf)] : []
  if (isConverted(leaf)) branches.push(...solid.map((value) => compared(leaf, 'eq', value)))
  else if (solid.length > 0) {
    const condition = scalarOnly(leaf, { [leaf.mongo]: { $in: solid.map(mongoKind(leaf.kind).encode) } })
    branches.push(isNumber(leaf) ? allOf(condition, isNotNull(leaf)) : condition)
  }
  return branches.length === 0 ? never : branches.length === 1 ? branches[0]! : { $or: branches }
}

/** Every character but letters, digits and white space is escaped. */
const literally = (text: string): string => text.replace(/[^\p{L}\p{N}\p{M}\s\u0080-\u{10ffff}]/gu, '\\$&')

// PCRE's $ also matches before a last line break; the look-ahead forbids it.
const ends = '$(?!\\n)'

const affixes: Record<TextMatch | 'eq', readonly [string, string]> = {
  contains: ['', ''],
  startsWith: ['^', ''],
  endsWith: ['', ends],
  eq: ['^', ends],
}

function matching(leaf: Leaf, op: TextMatch | 'eq', value: string, insensitive: boolean): Document {
  const [before, after] = affixes[op]
  const regex = before + (insensitive ? foldPattern(value) : literally(value)) + after
  // $ne first: $regexMatch fails on anything but a string or null
  // $literal: a pattern that starts with $ would be read as a path
  const test = { $regexMatch: { input: { $ifNull: [decoded(leaf), ''] }, regex: { $literal: regex } } }
  if (isConverted(leaf)) return allOf(isNotNull(leaf), { $expr: test })
  return allOf(scalarOnly(leaf, { [leaf.mongo]: { $regex: regex } }), isNotNull(leaf))
}

function listHas(leaf: Leaf, values: readonly unknown[], need: 'some' | 'every'): Document {
  const { encode } = mongoKind(leaf.kind)
  const plain = plainParents(leaf)
  const loose = isConverted(leaf) || isNumber(leaf)
  const list = { $ifNull: [decoded(leaf), []] }
  const each = values.map((value) =>
    loose
      ? { $expr: { $in: [{ $literal: encode(value) }, list] } }
      : { [leaf.mongo]: { $elemMatch: { $eq: encode(value) } } },
  )
  if (need === 'some') return each.length === 0 ? never : allOf({ $or: each }, plain)
  return each.length === 0 ? isNotNull(leaf) : allOf(...each, plain)
}

function isEmpty(leaf: Leaf, wanted: boolean): Document {
  const size = { $size: { $ifNull: [decoded(leaf), []] } }
  return allOf(isNotNull(leaf), { $expr: { [wanted ? '$eq' : '$gt']: [size, 0] } })
}

const translator: Translator<Document> = {
  and: (parts) => allOf(...parts),
  or: (parts) => (parts.length === 0 ? never : { $or: [...parts] }),
  not: (part) => ({ $nor: [part] }),
  compared,
  oneOf,
  matching,
  listHas,
  isEmpty,
}

/** A filter document for the AST: native where an index can serve it, an expression where dirty values could show. */
export const translate = (entity: Entity, where: Where): Document => translateWith(translator, entity, where)
