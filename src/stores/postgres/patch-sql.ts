import { type RawBuilder, sql } from 'kysely'
import { maxDigits, maxExponent } from '../../codec/decimal.ts'
import type { Leaf, Scope } from '../../entity/entity.ts'
import { isEntity, leafAt } from '../../entity/leaf-at.ts'
import type { Change } from '../../query/change.ts'
import type { Arithmetic } from '../../query/operations.ts'
import type { ListChange, Patch } from '../../query/patch.ts'
import { encodeLeaf, encodeObjects } from './codec/encode.ts'
import { postgresKind } from './codec/postgres-kinds.ts'
import { listColumn, memberTypes } from './objects.ts'
import { columnOf } from './select.ts'
import { param, translateElement } from './where.ts'

type Sql = RawBuilder<unknown>

function arithmetic(scope: Scope, value: Arithmetic): Sql {
  if (typeof value === 'number') return sql`${value}::double precision`
  if ('path' in value) return sql`coalesce(${columnOf(leafAt(scope, value.path))}, 0)::double precision`
  const signs = { add: '+', subtract: '-', multiply: '*', divide: '/' } as const
  return sql`(${arithmetic(scope, value.left)} ${sql.raw(signs[value.op])} ${arithmetic(scope, value.right)})`
}

function wholeValue(leaf: Leaf, value: unknown): Sql {
  const { cast } = postgresKind(leaf.kind)
  return leaf.list === 'none'
    ? sql`${jsonSafe(leaf, value)}::${sql.raw(cast)}`
    : sql`${encodeLeaf(leaf, value)}::${sql.raw(cast)}[]`
}

/** The driver would bind a JSON list as a Postgres array. */
function jsonSafe(leaf: Leaf, value: unknown): unknown {
  const encoded = encodeLeaf(leaf, value)
  return leaf.kind === 'json' && encoded !== null ? JSON.stringify(encoded) : encoded
}

/** A sum that has more than 34 digits, or is too large for a decimal128, fails as in Mongo. */
function decimalSum(sum: Sql): Sql {
  const digits = sql`length(trim(both '0' from translate(v::text, '-.', '')))`
  return sql`(select case when ${digits} <= ${sql.lit(maxDigits)} and abs(v) < ${sql.lit(`1E${maxExponent + 1}`)}::numeric
    then v else (abs(v) + 1E10)::integer end from (select ${sum}) as s(v))`
}

function increased(leaf: Leaf, by: number | bigint | string): Sql {
  const { cast, encode } = postgresKind(leaf.kind)
  const sum = sql`coalesce(${columnOf(leaf)}, 0) + ${encode(by)}::${sql.raw(cast)}`
  return leaf.kind === 'decimal' ? decimalSum(sum) : sum
}

/** A result that the field's converter means as null is null, as it is where it is read from Mongo. */
function converted(leaf: Leaf, value: Sql): Sql {
  const numbers = (leaf.converter.nullIf ?? []).filter((each) => typeof each === 'number')
  return numbers.reduce(
    (result, each) =>
      sql`nullif(${result}, ${each}::${sql.raw(leaf.kind === 'float' ? 'double precision' : 'numeric')})`,
    value,
  )
}

/** How many elements stand before the place of a new one; below 0 there are none, as a slice of a list has it. */
const indexIn = (size: Sql, at: number): Sql =>
  at >= 0 ? sql`least(${at}::integer, ${size})` : sql`${size} + ${at}::integer`

/** The new value of a column, from the row as it was before. */
function assigned(scope: Scope, change: Change): Sql {
  const { leaf } = change
  const old = columnOf(leaf)
  switch (change.op) {
    case 'set':
      return wholeValue(leaf, change.value)
    case 'increment':
      return converted(leaf, increased(leaf, change.by))
    case 'compute':
      return converted(
        leaf,
        leaf.kind === 'int' ? sql`round(${arithmetic(scope, change.value)})::integer` : arithmetic(scope, change.value),
      )
    case 'min':
      return sql`least(${old}, ${wholeValue(leaf, change.value)})`
    case 'max':
      return sql`greatest(${old}, ${wholeValue(leaf, change.value)})`
    case 'pop':
      return change.which === 'first' ? sql`(${old})[2:]` : sql`(${old})[:cardinality(${old}) - 1]`
  }
  const element = param(leaf, change.value)
  if (change.op === 'append') return sql`array_append(${old}, ${element})`
  if (change.op === 'insert') {
    const list = sql`coalesce(${old}, '{}')`
    const index = indexIn(sql`cardinality(${list})`, change.at)
    return sql`array_append((${list})[:${index}], ${element}) || (${list})[${index} + 1:]`
  }
  if (change.op === 'pull') return sql`array_remove(${old}, ${element})`
  return sql`case when ${element} = any(${old}) then ${old} else array_append(${old}, ${element}) end`
}

const elements = (array: Sql): Sql => sql`json_array_elements(${array}) with ordinality x(value, n)`

/** The objects as they are to be, from rows of their JSON `value` and their place `n`. */
const collected = (rows: Sql): Sql => sql`select coalesce(json_agg(r.value order by r.n), '[]') from (${rows}) r`

/** An object of a json column with other members; what is null takes no room. */
function changedObject(scope: Scope, patch: Patch): Sql {
  const values = newValues(scope, patch)
  const names = values.map(([column]) => column)
  const members = sql.join(values.flatMap(([column, value]) => [sql`${column}::text`, value]))
  return sql`(select coalesce(json_object_agg(m.key, m.value), '{}') from (
    select key, value from json_each(x.value) where key <> all(${names}::text[]) union all
    select key, value from json_each(json_build_object(${members})) where json_typeof(value) <> 'null') m)`
}

/** The new value of a json column of objects, likewise. */
function assignedObjects(change: ListChange): Sql {
  const { list } = change
  const old = listColumn(list)
  const present = (rows: Sql): Sql => sql`case when ${old} is not null then (${collected(rows)}) end`
  const members = sql`json_to_record(x.value) as e(${memberTypes(list)})`
  switch (change.op) {
    case 'pop': {
      const end = change.which === 'first' ? sql`1` : sql`json_array_length(${old})`
      return present(sql`select x.value, x.n from ${elements(old)} where x.n <> ${end}`)
    }
    case 'pull': {
      const kept = sql`not coalesce(${translateElement(list, change.where)}, false)`
      return present(sql`select x.value, x.n from ${elements(old)}, ${members} where ${kept}`)
    }
    case 'change': {
      const changed = sql`case when ${translateElement(list, change.where)} then ${changedObject(list, change.patch)} else x.value end`
      return present(sql`select ${changed} as value, x.n from ${elements(old)}, ${members}`)
    }
  }
  const value = encodeObjects(list, change.op === 'set' ? change.value : [change.value])
  if (change.op === 'set') return sql`${value && JSON.stringify(value)}::json`
  const element = sql`${JSON.stringify(value![0])}::json`
  const size = sql`coalesce(json_array_length(${old}), 0)`
  const index = change.op === 'append' ? size : indexIn(size, change.at)
  return sql`(${collected(sql`select x.value, x.n from ${elements(old)} union all select ${element}, ${index} + 0.5`)})`
}

/** What the mapping does not name of objects that become null goes with them. */
function lessRest({ embeds }: Scope, { presence }: Patch, rest: Sql): (readonly [string, Sql])[] {
  const removed = [...presence].flatMap(([path, there]) => (there ? [] : [embeds.get(path)!.mongo.split('.')]))
  if (removed.length === 0) return []
  const left = removed.reduce((json, steps) => sql`${json} #- ${steps}::text[]`, rest)
  return [['rest', sql`nullif(${left}, '{}')`]]
}

/** Columns of a main row, or of an object of a list, with what they are to be; child tables have statements of their own. */
function newValues(scope: Scope, patch: Patch): (readonly [column: string, value: Sql])[] {
  return [
    ...[...patch.presence].map(([path, there]) => [scope.embeds.get(path)!.column, sql`${there}::boolean`] as const),
    ...lessRest(scope, patch, isEntity(scope) ? sql`t.rest` : sql`e.rest`),
    ...patch.changes
      .filter(({ leaf }) => !leaf.childTable)
      .map((change) => [change.leaf.column, assigned(scope, change)] as const),
    ...patch.lists
      .filter(({ list }) => !list.childTable)
      .map((change) => [change.list.column, assignedObjects(change)] as const),
  ]
}

/** Assignments of a row, whose columns have the values from before on their right. */
export const assignments = (scope: Scope, patch: Patch): Sql[] =>
  newValues(scope, patch).map(([column, value]) => sql`${sql.id(column)} = ${value}`)
