import { Decimal128, type Document, Double, Long } from 'mongodb'
import type { Entity, Leaf, Scope } from '../../entity/entity.ts'
import { leafAt } from '../../entity/leaf-at.ts'
import type { Members } from '../../entity/lists.ts'
import type { Change } from '../../query/change.ts'
import type { Arithmetic } from '../../query/operations.ts'
import type { ListChange, Patch } from '../../query/patch.ts'
import { encodeLeaf, encodeObjects } from './codec/encode.ts'
import { asDecimal, decoded, decodedObjects, element } from './codec/expression.ts'
import { mongoKind } from './codec/mongo-kinds.ts'
import { withInserted, withoutEnd } from './list-expression.ts'
import { assemble, at, tree } from './patch-tree.ts'
import { testOf } from './where-expression.ts'

function arithmetic(scope: Scope, value: Arithmetic): Document | Double {
  // A double, always: whole numbers must divide and overflow as Postgres's float8 does
  if (typeof value === 'number') return new Double(value)
  if ('path' in value) return { $toDouble: { $ifNull: [decoded(leafAt(scope, value.path)), 0] } }
  return { [`$${value.op}`]: [arithmetic(scope, value.left), arithmetic(scope, value.right)] }
}

/** Numbers end as their field's type; $toInt fails past 32 bits and on Infinity, as Postgres's arithmetic does. */
function asKind(leaf: Leaf, value: Document | Double): Document {
  if (leaf.kind === 'int') return { $toInt: { $round: [value, 0] } }
  const fits = { $lte: [{ $abs: '$$v' }, Number.MAX_VALUE] }
  return { $let: { vars: { v: { $toDouble: value } }, in: { $cond: [fits, '$$v', { $toInt: '$$v' }] } } }
}

/** A sum past 64 bits comes out as a double, which may round back into range: doubled, it fails as in Postgres. */
function asLong(sum: Document): Document {
  const fits = { $eq: [{ $type: '$$sum' }, 'long'] }
  return { $let: { vars: { sum }, in: { $toLong: { $cond: [fits, '$$sum', { $multiply: ['$$sum', 2] }] } } } }
}

/**
 * A sum of decimals is rounded to 34 digits. It was not where taking away either number leaves the other; else it fails
 * as in Postgres.
 */
function decimalSum(before: Document, by: string): Document {
  const amount = Decimal128.fromString(by)
  const less = { $multiply: ['$$before', -1] }
  const exact = [
    { $eq: [{ $add: ['$$sum', less] }, amount] },
    { $eq: [{ $add: ['$$sum', Decimal128.fromString(negated(by))] }, '$$before'] },
  ]
  // Not $toInt of a constant, which the server might work out, and fail at, before it knows the sum
  const sum = { $cond: [{ $and: exact }, '$$sum', { $toInt: { $add: ['$$sum', Decimal128.fromString('Infinity')] } }] }
  const added = { $let: { vars: { sum: { $add: ['$$before', amount] } }, in: sum } }
  return { $let: { vars: { before }, in: added } }
}

const negated = (decimal: string): string => (decimal.startsWith('-') ? decimal.slice(1) : `-${decimal}`)

function increased(leaf: Leaf, by: number | bigint | string): Document {
  const before = { $ifNull: [decoded(leaf), 0] }
  if (typeof by === 'string') return decimalSum(asDecimal(leaf, before), by)
  if (typeof by === 'bigint') return asLong({ $add: [{ $toLong: before }, Long.fromBigInt(by)] })
  if (leaf.kind === 'float') return asKind(leaf, { $add: [before, new Double(by)] })
  return { $toInt: { $add: [before, by] } }
}

function changed(scope: Scope, change: Change): Document {
  const { leaf } = change
  switch (change.op) {
    case 'set':
      return { $literal: encodeLeaf(leaf, change.value) }
    case 'increment':
      return increased(leaf, change.by)
    case 'compute':
      return asKind(leaf, arithmetic(scope, change.value))
    case 'min':
    case 'max': // of which an expression leaves nulls out
      return { [`$${change.op}`]: [decoded(leaf), { $literal: encodeLeaf(leaf, change.value) }] }
    case 'pop':
      return withoutEnd(decoded(leaf), change.which)
  }
  const value = { $literal: mongoKind(leaf).encode(change.value) }
  if (change.op === 'insert') return withInserted(decoded(leaf), value, change.at)
  const list = { $ifNull: [decoded(leaf), []] }
  const appended = { $concatArrays: [list, [value]] }
  if (change.op === 'append') return appended
  if (change.op === 'addToSet') return { $cond: [{ $in: [value, list] }, list, appended] }
  const kept = { $filter: { input: list, as: 'e', cond: { $ne: ['$$e', value] } } }
  return { $cond: [{ $eq: [decoded(leaf), null] }, null, kept] }
}

/** Objects that stay keep what the mapping does not name of them. */
function changedObjects(change: ListChange): Document {
  const { list } = change
  if (change.op === 'set') return { $literal: encodeObjects(list, change.value) }
  const objects = decodedObjects(list)
  const literal = (value: Members): Document => ({ $literal: encodeObjects(list, [value])![0] })
  switch (change.op) {
    case 'append':
      return { $concatArrays: [{ $ifNull: [objects, []] }, [literal(change.value)]] }
    case 'insert':
      return withInserted(objects, literal(change.value), change.at)
    case 'pop':
      return withoutEnd(objects, change.which)
    case 'pull': {
      const kept = { $filter: { input: objects, as: element, cond: { $not: [testOf(list, change.where)] } } }
      return { $cond: [{ $eq: [objects, null] }, null, kept] }
    }
    case 'change': {
      const object = `$$${element}`
      const next = { $mergeObjects: [object, membersOf(list, change.patch, `$${element}.`)] }
      const each = { $cond: [testOf(list, change.where), next, object] }
      return { $cond: [{ $eq: [objects, null] }, null, { $map: { input: objects, as: element, in: each } }] }
    }
  }
}

/** What a patch makes of the members of a document, or of an object that is reached by a prefix of paths. */
function membersOf(scope: Scope, patch: Patch, prefix = ''): Document {
  const root = tree()
  for (const [path, present] of patch.presence) at(root, scope.embeds.get(path)!.mongo).present = present
  for (const change of patch.changes) {
    const node = at(root, change.leaf.mongo)
    if (change.leaf.unique && change.op === 'set' && change.value === null) node.unset = true
    else node.value = changed(scope, change)
  }
  for (const change of patch.lists) at(root, change.list.mongo).value = changedObjects(change)
  return Object.fromEntries(root.members.entries().map(([step, node]) => [step, assemble(node, prefix + step)]))
}

/** The `$set` of an update pipeline: every expression sees the document as it was before. */
export const patchStage = (entity: Entity, patch: Patch): Document => membersOf(entity, patch)
