import { type RawBuilder, sql } from 'kysely'
import { type Entity, isObjectList, type Leaf, type ObjectList } from '../../entity/entity.ts'
import { leafAt } from '../../entity/leaf-at.ts'
import type { OrderKey } from '../../query/order.ts'
import { type Translator, translateWith } from '../../query/translate.ts'
import type { TextMatch, Where } from '../../query/where.ts'
import { foldPattern } from '../../util/case-fold.ts'
import { onceFor } from '../../util/once-for.ts'
import { postgresKind } from './codec/postgres-kinds.ts'
import { listColumn, rowsOf } from './objects.ts'
import { constant } from './prepared.ts'
import { columnOf } from './select.ts'

type Sql = RawBuilder<unknown>

/** A bound value with its type, since an untyped parameter may be taken for text. */
export function param(leaf: Leaf, value: unknown): Sql {
  const { cast, encode } = postgresKind(leaf.kind)
  return sql`${encode(value)}::${sql.raw(cast)}`
}

function params(leaf: Leaf, values: readonly unknown[]): Sql {
  const { cast, encode } = postgresKind(leaf.kind)
  return sql`${values.map(encode)}::${sql.raw(cast)}[]`
}

export const operators = { eq: '=', lt: '<', lte: '<=', gt: '>', gte: '>=' } as const

function compared(leaf: Leaf, op: keyof typeof operators, value: unknown): Sql {
  if (value === null) return op === 'eq' ? sql`${columnOf(leaf)} is null` : sql`false`
  return sql`${columnOf(leaf)} ${sql.raw(operators[op])} ${param(leaf, value)}`
}

function oneOf(leaf: Leaf, values: readonly unknown[]): Sql {
  const solid = values.filter((value) => value !== null)
  const any = sql`${columnOf(leaf)} = any(${params(leaf, solid)})`
  return solid.length === values.length ? any : sql`(${any} or ${columnOf(leaf)} is null)`
}

const likeEscape = (text: string): string => text.replace(/[\\%_]/g, '\\$&')

const like: Record<TextMatch, (text: string) => string> = {
  contains: (text) => `%${text}%`,
  startsWith: (text) => `${text}%`,
  endsWith: (text) => `%${text}`,
}

const pattern: Record<TextMatch | 'eq', (text: string) => string> = {
  contains: (text) => text,
  startsWith: (text) => `^${text}`,
  endsWith: (text) => `${text}$`,
  eq: (text) => `^${text}$`,
}

function matching(leaf: Leaf, op: TextMatch | 'eq', value: string, insensitive: boolean): Sql {
  if (insensitive) return sql`${columnOf(leaf)} ~ ${pattern[op](foldPattern(value))}::text`
  if (op === 'eq') return compared(leaf, 'eq', value)
  return sql`${columnOf(leaf)} like ${like[op](likeEscape(value))}::text`
}

function listHas(leaf: Leaf, values: readonly unknown[], need: 'some' | 'every'): Sql {
  if (values.length === 0) return need === 'some' ? sql`false` : sql`${columnOf(leaf)} is not null`
  if (leaf.list === 'column') {
    return sql`${columnOf(leaf)} ${sql.raw(need === 'some' ? '&&' : '@>')} ${params(leaf, values)}`
  }
  const among = (some: readonly unknown[]): Sql =>
    sql`exists (select from ${sql.id(leaf.childTable!)} c where c.parent_id = t.id and c.value = any(${params(leaf, some)}))`
  return need === 'some'
    ? among(values)
    : sql`(${sql.join(
        values.map((value) => among([value])),
        sql` and `,
      )})`
}

function sizeOf(list: Leaf | ObjectList): Sql {
  const column = isObjectList(list) ? listColumn(list) : columnOf(list)
  if (list.childTable) return column
  return isObjectList(list) ? sql`json_array_length(${column})` : sql`cardinality(${column})`
}

function isEmpty(list: Leaf | ObjectList, wanted: boolean): Sql {
  const size = sizeOf(list)
  return wanted ? sql`${size} = 0` : sql`${size} > 0`
}

const joined = (parts: readonly Sql[], by: Sql, none: Sql): Sql =>
  parts.length === 0 ? none : sql`(${sql.join(parts, by)})`

const translator: Translator<Sql> = {
  and: (parts) => joined(parts, sql` and `, sql`true`),
  or: (parts) => joined(parts, sql` or `, sql`false`),
  not: (part) => sql`not coalesce(${part}, false)`,
  compared,
  isPresent: (leaf) => sql`${columnOf(leaf)} is not null`,
  oneOf,
  matching,
  listHas,
  isEmpty,
  isNull: (list) => sql`${listColumn(list)} is null`,
  some: (list, where) => sql`exists (select ${rowsOf(list)} and ${translateElement(list, where)})`,
}

/** A condition on the members of an object, whose row is alias `e`. */
export const translateElement = (list: ObjectList, where: Where): Sql => translateWith(translator, list, where)

/** A condition on table alias `t`. Null counts as false; `not` makes it so before it negates. */
export const translate = (entity: Entity, where: Where): Sql => translateWith(translator, entity, where)

/** Nulls first ascending and last descending, as Mongo sorts; indexes are made in the same order. An id is never null. */
function term(column: Sql, { path, direction }: OrderKey): Sql {
  const nulls = path === 'id' ? '' : direction === 'asc' ? ' nulls first' : ' nulls last'
  return sql`${column} ${sql.raw(direction + nulls)}`
}

const terms = onceFor((leaf: Leaf) => ({
  asc: constant(term(columnOf(leaf), { path: leaf.path, direction: 'asc' })),
  desc: constant(term(columnOf(leaf), { path: leaf.path, direction: 'desc' })),
}))

export const orderBy = (entity: Entity, order: readonly OrderKey[]): Sql =>
  sql.join(order.map(({ path, direction }) => terms(leafAt(entity, path))[direction]))

/** The order's keys as columns of a name of their own, and the same order by those: for several queries put together. */
export function namedOrder(
  entity: Entity,
  order: readonly OrderKey[],
): { readonly columns: Sql; readonly orderBy: Sql } {
  const names = order.map((_, index) => sql.id(`_order${index}`))
  return {
    columns: sql.join(order.map(({ path }, index) => sql`${columnOf(leafAt(entity, path))} as ${names[index]}`)),
    orderBy: sql.join(order.map((key, index) => term(names[index]!, key))),
  }
}
