import type { Document } from 'mongodb'
import type { Entity, Leaf, ObjectList } from '../../entity/entity.ts'
import { type Translator, translateWith } from '../../query/translate.ts'
import type { Comparison, TextMatch, Where } from '../../query/where.ts'
import { allOf } from './all-of.ts'
import { coercedAt, isClean, isPlain } from './clean-paths.ts'
import { decoded, isConverted, isGuarded } from './codec/expression.ts'
import { mongoKind } from './codec/mongo-kinds.ts'
import type { MongoConnection } from './connection.ts'
import { patternOf, tests } from './where-expression.ts'

const never: Document = { $nor: [{}] }

/** No parent is an array: a condition on a member would match by element, where decoding gives null. */
function plainParents({ parents }: Leaf): Document {
  return parents.length === 0 ? {} : { $nor: parents.map((path) => ({ [path]: { $type: 'array' } })) }
}

/**
 * A condition on a scalar field: one that holds an array is dirty, and so is one inside an array of objects. Nothing
 * matches inside an empty array, so that a first element tells.
 * Stand-in (SecantusDB): not by `$type`, at which it leaves the index.
 */
function scalarOnly(leaf: Leaf, condition: Document): Document {
  if (leaf.mongo === '_id' || leaf.ofId) return condition // of a document that is visible neither is an array
  return allOf(condition, { [`${leaf.mongo}.0`]: { $exists: false } }, plainParents(leaf))
}

/** What is known of a field's stored values. */
interface Known {
  /** Whether a native condition finds everything: no value of another type that means something is stored. */
  isPlain(leaf: Leaf, list?: ObjectList): boolean
  /** Whether nothing but values of its kind, null and nothing at all is stored. */
  isClean(leaf: Leaf): boolean
}

const isNull = ({ isClean }: Known, leaf: Leaf): Document =>
  isClean(leaf) ? { [leaf.mongo]: null } : { $expr: tests.compared(leaf, 'eq', null) }
const isNotNull = (leaf: Leaf): Document => ({ $expr: { $ne: [decoded(leaf), null] } })

/** Numbers of all BSON types compare by value, so that even equality matches decimals and longs that are dirty. */
const isNumber = (leaf: Leaf): boolean => mongoKind(leaf).types.includes('double')

/** An index finds what may match, the expression decides: among values of other types, too, that mean something. */
const withCoerced = (leaf: Leaf, native: Document, test: Document | boolean): Document =>
  allOf({ $or: [native, coercedAt(leaf, leaf.mongo)!] }, { $expr: test })

function compared(known: Known, leaf: Leaf, op: Comparison, value: unknown): Document {
  if (value === null) return op === 'eq' ? isNull(known, leaf) : never
  if (isConverted(leaf)) return { $expr: tests.compared(leaf, op, value) }
  const native = { [leaf.mongo]: { [`$${op}`]: mongoKind(leaf).encode(value) } }
  if (known.isClean(leaf)) return native // there is nothing else that it could match
  if (!known.isPlain(leaf)) return withCoerced(leaf, native, tests.compared(leaf, op, value))
  const condition = scalarOnly(leaf, native)
  // A range may take in values of the right type that are dirty all the same; equality with clean text cannot.
  return isGuarded(leaf) && (op !== 'eq' || isNumber(leaf)) ? allOf(condition, isNotNull(leaf)) : condition
}

function oneOf(known: Known, leaf: Leaf, values: readonly unknown[]): Document {
  if (isConverted(leaf)) return { $expr: tests.oneOf(leaf, values) }
  const solid = values.filter((value) => value !== null)
  const branches = values.length > solid.length ? [isNull(known, leaf)] : []
  if (solid.length > 0) {
    const native = { [leaf.mongo]: { $in: solid.map(mongoKind(leaf).encode) } }
    const condition = known.isPlain(leaf)
      ? scalarOnly(leaf, native)
      : withCoerced(leaf, native, tests.oneOf(leaf, solid))
    branches.push(isNumber(leaf) ? allOf(condition, isNotNull(leaf)) : condition)
  }
  return branches.length === 0 ? never : branches.length === 1 ? branches[0]! : { $or: branches }
}

function matching(known: Known, leaf: Leaf, op: TextMatch | 'eq', value: string, insensitive: boolean): Document {
  if (isConverted(leaf)) return { $expr: tests.matching(leaf, op, value, insensitive) }
  const native = { [leaf.mongo]: { $regex: patternOf(op, value, insensitive) } }
  if (!known.isPlain(leaf)) return withCoerced(leaf, native, tests.matching(leaf, op, value, insensitive))
  return allOf(scalarOnly(leaf, native), isNotNull(leaf))
}

function listHas(known: Known, leaf: Leaf, values: readonly unknown[], need: 'some' | 'every'): Document {
  if (values.length === 0) return need === 'some' ? never : isNotNull(leaf)
  if (isConverted(leaf) || isNumber(leaf) || !known.isPlain(leaf)) return { $expr: tests.listHas(leaf, values, need) }
  const { encode } = mongoKind(leaf)
  const test = (value: unknown): Document =>
    leaf.orOne ? { $eq: encode(value) } : { $elemMatch: { $eq: encode(value) } }
  const each = values.map((value) => ({ [leaf.mongo]: test(value) }))
  return allOf(plainParents(leaf), ...(need === 'some' ? [{ $or: each }] : each))
}

/**
 * What an object must hold, as stored, to match: not enough by itself, and served by an index on the members. Only what
 * stands outside of "or" and "not" is looked at.
 */
function needed(known: Known, list: ObjectList, where: Where): Document[] {
  if (where.op === 'and') return where.of.flatMap((part) => needed(known, list, part))
  const leaf = 'path' in where ? list.leaves.get(where.path) : undefined
  if (leaf?.list !== 'none' || isConverted(leaf) || !known.isPlain(leaf, list)) return []
  const { encode } = mongoKind(leaf)
  switch (where.op) {
    case 'eq':
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      if (where.value === null || where.insensitive) return []
      return [{ [leaf.mongo]: { [`$${where.op}`]: encode(where.value) } }]
    case 'in':
      if (where.values.includes(null) || where.insensitive) return []
      return [{ [leaf.mongo]: { $in: where.values.map(encode) } }]
    default:
      return []
  }
}

function some(known: Known, list: ObjectList, where: Where): Document {
  const found = needed(known, list, where)
  const first = found.length > 0 ? { [list.mongo]: { $elemMatch: allOf(...found) } } : {}
  return allOf(first, { $expr: tests.some(list, where) })
}

const translatorOf = (known: Known): Translator<Document> => ({
  and: (parts) => allOf(...parts),
  or: (parts) => (parts.length === 0 ? never : { $or: [...parts] }),
  not: (part) => ({ $nor: [part] }),
  compared: (...args) => compared(known, ...args),
  isPresent: (leaf) => (known.isClean(leaf) ? { [leaf.mongo]: { $ne: null } } : isNotNull(leaf)),
  oneOf: (...args) => oneOf(known, ...args),
  matching: (...args) => matching(known, ...args),
  listHas: (...args) => listHas(known, ...args),
  isEmpty: (list, wanted) => ({ $expr: tests.isEmpty(list, wanted) }),
  isNull: (list) => ({ $expr: tests.isNull(list) }),
  some: (...args) => some(known, ...args),
})

/**
 * A filter document for the AST: native where an index can serve it, an expression where other values could show.
 *
 * @param inOrder for ranges of an order that is read as it is stored: null is looked for as it is stored, too.
 */
export function translate(connection: MongoConnection, entity: Entity, where: Where, inOrder = false): Document {
  const known: Known = {
    isPlain: (leaf, list) => isPlain(connection, entity, leaf, list ? `${list.mongo}.${leaf.mongo}` : leaf.mongo),
    isClean: (leaf) => inOrder && leaf.list === 'none' && isClean(connection, entity, leaf),
  }
  return translateWith(translatorOf(known), entity, where)
}
