import type { Document } from 'mongodb'
import { isObjectList, type Leaf, type ObjectList, type Scope } from '../../entity/entity.ts'
import { type Translator, translateWith } from '../../query/translate.ts'
import type { Comparison, TextMatch, Where } from '../../query/where.ts'
import { foldPattern } from '../../util/case-fold.ts'
import { decoded, decodedObjects, element } from './codec/expression.ts'
import { mongoKind } from './codec/mongo-kinds.ts'

/** True or false, or an aggregation expression that is one of them. */
type Test = Document | boolean

const encoded = (leaf: Leaf, value: unknown): Document => ({
  $literal: value === null ? null : mongoKind(leaf).encode(value),
})

const isNotNull = (value: Document): Document => ({ $ne: [value, null] })

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

/** The pattern of a text match, for `$regex` and `$regexMatch` alike. */
export function patternOf(op: TextMatch | 'eq', value: string, insensitive: boolean): string {
  const [before, after] = affixes[op]
  return before + (insensitive ? foldPattern(value) : literally(value)) + after
}

function compared(leaf: Leaf, op: Comparison, value: unknown): Test {
  if (value === null && op !== 'eq') return false
  const test = { [`$${op}`]: [decoded(leaf), encoded(leaf, value)] }
  // Null is the lowest value in an expression
  return op === 'lt' || op === 'lte' ? { $and: [isNotNull(decoded(leaf)), test] } : test
}

function matching(leaf: Leaf, op: TextMatch | 'eq', value: string, insensitive: boolean): Test {
  // $literal, since a pattern that starts with $ would be read as a path
  // Stand-in (SecantusDB): $ifNull, since $regexMatch of null is an error there and no match on MongoDB
  const regex = { $literal: patternOf(op, value, insensitive) }
  const test = { $regexMatch: { input: { $ifNull: [decoded(leaf), ''] }, regex } }
  return { $and: [isNotNull(decoded(leaf)), test] }
}

function listHas(leaf: Leaf, values: readonly unknown[], need: 'some' | 'every'): Test {
  const list = { $ifNull: [decoded(leaf), []] }
  const each = values.map((value) => ({ $in: [encoded(leaf, value), list] }))
  return need === 'some' ? { $or: each } : { $and: [isNotNull(decoded(leaf)), ...each] }
}

function isEmpty(list: Leaf | ObjectList, wanted: boolean): Test {
  const elements = isObjectList(list) ? decodedObjects(list) : decoded(list)
  const size = { $size: { $ifNull: [elements, []] } }
  return { $and: [isNotNull(elements), { [wanted ? '$eq' : '$gt']: [size, 0] }] }
}

function some(list: ObjectList, where: Where): Test {
  const objects = { $ifNull: [decodedObjects(list), []] }
  return { $anyElementTrue: [{ $map: { input: objects, as: element, in: testOf(list, where) } }] }
}

/**
 * Conditions as aggregation expressions over decoded values: right for every stored value and every member of an object
 * in a list, and served by no index.
 */
export const tests: Translator<Test> = {
  and: (parts) => (parts.length === 0 ? true : { $and: [...parts] }),
  or: (parts) => (parts.length === 0 ? false : { $or: [...parts] }),
  not: (part) => ({ $not: [part] }),
  compared,
  isPresent: (leaf) => isNotNull(decoded(leaf)),
  oneOf: (leaf, values) => ({ $in: [decoded(leaf), values.map((value) => encoded(leaf, value))] }),
  matching,
  listHas,
  isEmpty,
  isNull: (list) => ({ $eq: [decodedObjects(list), null] }),
  some,
}

/** A condition on a document, or on the members of an object in a list, for the variable that stands for it. */
export const testOf = (scope: Scope, where: Where): Test => translateWith(tests, scope, where)
