import type { Leaf, ObjectList, Scope } from '../entity/entity.ts'
import { listAt } from '../entity/leaf-at.ts'
import { CrossfadeError } from '../util/errors.ts'
import { type Comparison, filteredLeaf, type Leafy, type TextMatch, type Where } from './where.ts'

/** What a store makes of each condition; `T` is a filter document, or SQL. */
export interface Translator<T> {
  /** All of no conditions hold. */
  and(parts: readonly T[]): T
  /** One of no conditions does not. */
  or(parts: readonly T[]): T
  not(part: T): T
  compared(leaf: Leaf, op: Comparison, value: unknown): T
  /** Not null: by itself, since an index can serve it where it cannot a negation. */
  isPresent(leaf: Leaf): T
  oneOf(leaf: Leaf, values: readonly unknown[]): T
  /** `eq` here means text that is equal without regard to case. */
  matching(leaf: Leaf, op: TextMatch | 'eq', value: string, insensitive: boolean): T
  listHas(leaf: Leaf, values: readonly unknown[], need: 'some' | 'every'): T
  isEmpty(list: Leaf | ObjectList, wanted: boolean): T
  isNull(list: ObjectList): T
  /** At least one object of the list matches a condition on its members. */
  some(list: ObjectList, where: Where): T
}

/** Whether a condition is that a field, and no list of objects, is null. */
const absent = (scope: Scope, where: Where): where is Leafy =>
  where.op === 'eq' && where.value === null && !scope.lists.has(where.path)

/** Walks a condition, once for both stores: what stands in the AST is decided here, how a store says it is not. */
export function translateWith<T>(store: Translator<T>, scope: Scope, where: Where): T {
  const inner = (part: Where): T => translateWith(store, scope, part)
  switch (where.op) {
    case 'and':
      return store.and(where.of.map(inner))
    case 'or':
      return store.or(where.of.map(inner))
    case 'not':
      return absent(scope, where.of) ? store.isPresent(filteredLeaf(scope, where.of)) : store.not(inner(where.of))
    case 'some':
      return store.some(listAt(scope, where.path), where.where)
  }
  const list = scope.lists.get(where.path)
  return list ? onList(store, list, where) : onLeaf(store, filteredLeaf(scope, where), where)
}

function onList<T>(store: Translator<T>, list: ObjectList, where: Leafy): T {
  if (where.op === 'isEmpty') return store.isEmpty(list, where.value)
  if (where.op === 'eq' && where.value === null) return store.isNull(list)
  throw new CrossfadeError('BAD_USER_INPUT', `${list.name} is a list of objects and cannot be filtered by ${where.op}.`)
}

function onLeaf<T>(store: Translator<T>, leaf: Leaf, where: Leafy): T {
  const equal = (value: unknown, insensitive: boolean | undefined): T =>
    insensitive && typeof value === 'string'
      ? store.matching(leaf, 'eq', value, true)
      : store.compared(leaf, 'eq', value)
  switch (where.op) {
    case 'eq':
      return equal(where.value, where.insensitive)
    case 'in':
      if (!where.insensitive) return store.oneOf(leaf, where.values)
      return store.or(where.values.map((value) => equal(value, true)))
    case 'contains':
    case 'startsWith':
    case 'endsWith':
      return store.matching(leaf, where.op, where.value, where.insensitive === true)
    case 'has':
      return store.listHas(leaf, where.values, where.need)
    case 'isEmpty':
      return store.isEmpty(leaf, where.value)
    default:
      return store.compared(leaf, where.op, where.value)
  }
}
