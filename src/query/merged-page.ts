import { kindOf } from '../codec/kinds.ts'
import type { Entity, Rec } from '../entity/entity.ts'
import { leafAt } from '../entity/leaf-at.ts'
import { leafValue } from '../entity/values.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Json } from '../util/json.ts'
import { badCursor, fromKeys, keysOf, openCursor, sealCursor } from './cursor.ts'
import { between } from './keyset.ts'
import { type OffsetArgs, type OffsetNames, planOffset } from './offset-page.ts'
import { type OrderKey, reversed } from './order.ts'
import { type PageArgs, type PageBounds, type PagePlan, planPage } from './page.ts'
import { allOf, type Where } from './where.ts'

/** A type of a list of several, and which of its records are meant. */
export interface ListedType<E extends Entity = Entity> {
  readonly entity: E
  readonly where: Where
}

/** One page of a list of several types: each type is asked for as many records as the page has, and the page is made of all. */
export interface MergedPlan {
  /** In the order of the types. */
  readonly plans: readonly PagePlan[]
  /** Of the page as it is shown. */
  readonly page: PagePlan
}

/** A record with its type, by its place among the types of the list. */
export interface Listed<T> {
  readonly type: number
  readonly item: T
}

const listName = (types: readonly ListedType[]): string => types.map(({ entity }) => entity.name).join('|')

/** @throws MISCONFIGURED where records of the types cannot stand in one order. */
export function checkMerged(entities: readonly Entity[], paths: readonly string[]): void {
  const [first] = entities
  if (!first) throw new CrossfadeError('MISCONFIGURED', 'A list of several types names no type.')
  const twice = entities.find((entity, index) => entities.indexOf(entity) < index)
  if (twice) {
    const remedy = 'Name it once, with one condition'
    throw new CrossfadeError('MISCONFIGURED', `${twice.name} stands twice in a list of several types. ${remedy}.`)
  }
  for (const path of ['id', ...paths])
    for (const entity of entities) {
      const [one, other] = [leafAt(first, path), leafAt(entity, path)]
      if (one.kind === other.kind && one.list === other.list) continue
      const text = `${first.name}.${path} and ${entity.name}.${path} are of two kinds, ${one.kind} and ${other.kind}`
      throw new CrossfadeError('MISCONFIGURED', `${text}, and stand in no order. Leave it out of the list.`)
    }
}

/** A position among records of all types: those that are equal in all keys, and so have one id, go by their types. */
interface Position {
  readonly values: readonly unknown[]
  readonly type: number
}

function positionOf(
  types: readonly ListedType[],
  order: readonly OrderKey[],
  cursor: string | null | undefined,
): Position | null {
  if (cursor == null) return null
  const keys = openCursor(listName(types), order, order.length + 1, cursor)
  const type = types.findIndex(({ entity }) => entity.name === keys.at(-1))
  const values = fromKeys(types[0]!.entity, order, keys)
  if (type < 0 || values[order.findIndex(({ path }) => path === 'id')] === null) throw badCursor('was altered')
  return { values, type }
}

/** Of a type behind, or before, that of the position, the record that is equal to it in all keys. */
const alike = (order: readonly OrderKey[], position: Position | null, isMeant: boolean): readonly Where[] =>
  position && isMeant
    ? [allOf(...order.map(({ path }, index): Where => ({ op: 'eq', path, value: position.values[index] })))]
    : []

/** Null is the lowest value. */
function compareValues(compare: (a: unknown, b: unknown) => number, a: unknown, b: unknown): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1
  return compare(a, b)
}

/** A key of an order, as it is compared. */
interface Key {
  readonly path: string
  readonly compare: (a: unknown, b: unknown) => number
  readonly sign: 1 | -1
}

const keysIn = (types: readonly ListedType[], order: readonly OrderKey[]): readonly Key[] =>
  order.map(({ path, direction }) => {
    const compare = kindOf(leafAt(types[0]!.entity, path)).compare!
    return { path, compare, sign: direction === 'asc' ? 1 : -1 }
  })

/** Below 0 where the first values come before the second in the order. */
function compareKeys(keys: readonly Key[], one: readonly unknown[], other: readonly unknown[]): number {
  for (const [index, { compare, sign }] of keys.entries()) {
    const difference = compareValues(compare, one[index], other[index])
    if (difference !== 0) return sign * difference
  }
  return 0
}

/** Turns page arguments into a keyset query for each type. @throws BAD_USER_INPUT for what does not fit. */
export function planMerged(
  types: readonly ListedType[],
  order: readonly OrderKey[],
  { first, last, after: afterText, before: beforeText }: PageArgs,
  bounds: PageBounds,
): MergedPlan {
  checkMerged(
    types.map(({ entity }) => entity),
    order.map(({ path }) => path),
  )
  const whole = planPage(types[0]!.entity, types[0]!.where, order, { first, last }, bounds)
  const { shownOrder, backward } = whole
  const after = positionOf(types, shownOrder, afterText)
  const before = positionOf(types, shownOrder, beforeText)
  const page = { ...whole, hasAfter: after !== null, hasBefore: before !== null }
  const reverse = reversed(shownOrder)
  const [from, to] = [after?.values ?? null, before?.values ?? null]
  // Records that are equal to both positions are in the head
  const gap = after && before ? compareKeys(keysIn(types, shownOrder), after.values, before.values) : -1
  const plans = types.map(({ entity, where }, type): PagePlan => {
    const isHead = after !== null && type > after.type && (gap < 0 || (gap === 0 && type < before!.type))
    const head = alike(shownOrder, after, isHead)
    const tail = alike(shownOrder, before, before !== null && type < before.type && gap < 0)
    const ranges = backward
      ? [...tail, ...between(entity, reverse, shownOrder, to, from), ...head]
      : [...head, ...between(entity, shownOrder, reverse, from, to), ...tail]
    return { ...page, where, ranges }
  })
  return { plans, page }
}

/**
 * Turns a limit with an offset or a page number into a query for each type: what stands before a page may be of any of
 * them, so that each is asked for as many records as stand before the page and on it, and none is left out by a store.
 *
 * @throws BAD_USER_INPUT for what does not fit.
 */
export function planMergedOffset(
  types: readonly ListedType[],
  order: readonly OrderKey[],
  args: OffsetArgs,
  bounds: PageBounds,
  names?: OffsetNames,
): MergedPlan {
  checkMerged(
    types.map(({ entity }) => entity),
    order.map(({ path }) => path),
  )
  const page = planOffset(types[0]!.entity, types[0]!.where, order, args, bounds, names)
  const limit = page.offset + page.limit
  return { plans: types.map(({ where }) => ({ ...page, where, offset: 0, limit })), page }
}

/** Records of the types, each in the order of the plan, in one order: those before a page by offset as well. */
export function merged<T extends { readonly record: Rec }>(
  types: readonly ListedType[],
  { page: { order, backward, offset, limit } }: Pick<MergedPlan, 'page'>,
  found: readonly (readonly T[])[],
): Listed<T>[] {
  const keys = keysIn(types, order)
  const leaves = types.map(({ entity }) => keys.map(({ path }) => leafAt(entity, path)))
  const valuesOf = ({ type, item: { record } }: Listed<T>): unknown[] =>
    leaves[type]!.map((leaf) => leafValue(record, leaf))
  function isBefore(a: Listed<T>, b: Listed<T>): boolean {
    const difference = compareKeys(keys, valuesOf(a), valuesOf(b))
    if (difference !== 0) return difference < 0
    return backward ? a.type > b.type : a.type < b.type
  }
  const heads = found.map(() => 0)
  const all: Listed<T>[] = []
  while (all.length < offset + limit) {
    const next = found
      .flatMap((items, type): Listed<T>[] => {
        const item = items[heads[type]!]
        return item ? [{ type, item }] : []
      })
      .reduce<Listed<T> | null>((least, each) => (least === null || isBefore(each, least) ? each : least), null)
    if (next === null) break
    heads[next.type]!++
    all.push(next)
  }
  return all
}

/** The cursor of a record in a list of several types. */
export function mergedCursor(
  types: readonly ListedType[],
  order: readonly OrderKey[],
  { type, item: { record } }: Listed<{ readonly record: Rec }>,
): string {
  const { entity } = types[type]!
  const keys: Json[] = [...keysOf(entity, order, record), entity.name]
  return sealCursor(listName(types), order, keys)
}
