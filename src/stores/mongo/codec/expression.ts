import type { Document } from 'mongodb'
import { intPrefixPattern } from '../../../codec/converter.ts'
import type { Leaf, ObjectList } from '../../../entity/entity.ts'
import { onceFor } from '../../../util/once-for.ts'
import type { Coercion } from './coercion.ts'
import { mongoKind } from './mongo-kinds.ts'
import { shortestDecimal } from './shortest-decimal.ts'

/** True where filters must see the converted value: the stored one alone would match differently. */
export function isConverted(leaf: Leaf): boolean {
  const { nullIf = [], intPrefix } = leaf.converter
  const { types } = mongoKind(leaf)
  const sameType = (value: unknown): boolean =>
    typeof value === 'string'
      ? types.includes('string')
      : typeof value === 'boolean'
        ? types.includes('bool')
        : types.includes('int')
  return intPrefix === true || nullIf.some(sameType)
}

/** True where stored values of the right type may be dirty all the same. */
export const isGuarded = (leaf: Leaf): boolean => mongoKind(leaf).guard !== null || leaf.values !== null

/** An expression that is true where the stored value decodes as it is. */
export function decodes(leaf: Leaf, value: string): Document {
  const { types, guard } = mongoKind(leaf)
  const { nullIf = [] } = leaf.converter
  const ofType = { $in: [{ $type: value }, types] }
  const conditions: Document[] = []
  // $cond, since $and is not promised to stop at the first false and a guard may fail on another type
  if (guard) conditions.push({ $cond: [ofType, guard(value), false] })
  else conditions.push(ofType)
  if (leaf.values) conditions.push({ $in: [value, { $literal: leaf.values }] })
  if (nullIf.length > 0) conditions.push({ $not: [{ $in: [value, { $literal: nullIf }] }] })
  return conditions.length === 1 ? conditions[0]! : { $and: conditions }
}

function prefixOf(value: string): Document {
  const match = { $getField: { field: 'match', input: { $regexFind: { input: value, regex: intPrefixPattern } } } }
  return { $convert: { input: match, to: 'int', onError: null, onNull: null } }
}

/** What values of other types mean for this leaf; null where they mean nothing. */
export const coercionOf = (leaf: Leaf): Coercion<unknown> | null => (leaf.strict ? null : mongoKind(leaf).coercion)

/** A coerced value that the leaf allows, and does not mean as null. */
function coerced({ values, converter: { nullIf = [] } }: Leaf, expression: Document): Document {
  const conditions: Document[] = []
  if (values) conditions.push({ $in: ['$$c', { $literal: values }] })
  if (nullIf.length > 0) conditions.push({ $not: [{ $in: ['$$c', { $literal: nullIf }] }] })
  if (conditions.length === 0) return expression
  return { $let: { vars: { c: expression }, in: { $cond: [{ $and: conditions }, '$$c', null] } } }
}

/** The decoded value of one stored value, for the leaf itself or an element of its list. */
export function decodedScalar(leaf: Leaf, value: string): Document {
  const { intPrefix, nullIf = [] } = leaf.converter
  const coercion = coercionOf(leaf)
  if (!intPrefix && !coercion) return { $cond: [decodes(leaf, value), value, null] }
  const branches: Document[] = [{ case: decodes(leaf, value), then: value }]
  if (nullIf.length > 0) branches.unshift({ case: { $in: [value, { $literal: nullIf }] }, then: null })
  if (intPrefix) branches.push({ case: { $eq: [{ $type: value }, 'string'] }, then: prefixOf(value) })
  return { $switch: { branches, default: coercion ? coerced(leaf, coercion.expression(value)) : null } }
}

/** The variable that stands for one object of a list, where members of it are spoken of. */
export const element = 'object'

/** A document path as an expression. */
const stored = ({ element: inElement }: { readonly element: boolean }, path: string): string =>
  inElement ? `$$${element}.${path}` : `$${path}`

/** A list reached through an array of objects is no list of ours. */
const isList = (parents: readonly string[], value: unknown): Document => ({
  $and: [...parents.map((parent) => ({ $not: [{ $isArray: parent }] })), { $isArray: value }],
})

/** What is no list counts as one of that value, and null and nothing as none. */
const listOrOne = (value: string): Document => ({
  $cond: [{ $or: [{ $isArray: value }, { $eq: [{ $ifNull: [value, null] }, null] }] }, value, [value]],
})

/** The objects of a list as they are stored, for an aggregation expression; null where there is no list. */
export function decodedObjects(list: ObjectList): Document {
  const value = `$${list.mongo}`
  const objects = { $filter: { input: value, as: element, cond: { $eq: [{ $type: `$$${element}` }, 'object'] } } }
  const parents = list.parents.map((parent) => `$${parent}`)
  return { $cond: [isList(parents, value), objects, null] }
}

/**
 * The decoded value of a leaf as an aggregation expression: what a read shows, null for dirty values. Agrees with
 * `decode` for every stored value; the conformance suite holds both to the same expectations.
 */
export const decoded = onceFor((leaf: Leaf): Document => {
  const value = stored(leaf, leaf.mongo)
  if (leaf.list === 'none') return decodedScalar(leaf, value)
  const listed = leaf.orOne ? listOrOne(value) : value
  // Elements that mean another value are converted before those that mean none are left out
  const converted = { $map: { input: listed, as: 'e', in: decodedScalar(leaf, '$$e') } }
  const elements =
    leaf.converter.intPrefix || coercionOf(leaf)
      ? { $filter: { input: converted, as: 'e', cond: { $ne: ['$$e', null] } } }
      : { $filter: { input: listed, as: 'e', cond: decodes(leaf, '$$e') } }
  const parents = leaf.parents.map((parent) => stored(leaf, parent))
  return { $cond: [isList(parents, listed), elements, null] }
})

/**
 * A number of a leaf's kind as a decimal, which adds exactly while 34 digits are enough. Doubles count as their shortest
 * decimal text; where the kind is another, a double holds a whole number, all of which counts.
 */
export function asDecimal({ kind }: Leaf, value: Document): Document {
  if (kind === 'float') return shortestDecimal(value)
  const whole = { $cond: [{ $eq: [{ $type: '$$v' }, 'double'] }, { $toLong: '$$v' }, '$$v'] }
  return { $let: { vars: { v: value }, in: { $toDecimal: whole } } }
}
