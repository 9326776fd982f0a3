import { type RawBuilder, sql } from 'kysely'
import { maxDigits, maxExponent } from '../../codec/decimal.ts'
import type { Entity, Leaf } from '../../entity/entity.ts'
import { leafAt } from '../../entity/leaf-at.ts'
import type { Arithmetic } from '../../query/operations.ts'
import type { Change, ListChange, Patch } from '../../query/patch.ts'
import { encodeLeaf, encodeObjects } from './codec/encode.ts'
import { postgresKind } from './codec/postgres-kinds.ts'
import { listColumn, memberTypes } from './objects.ts'
import { columnOf } from './select.ts'
import { param, translateElement } from './where.ts'

type Sql = RawBuilder<unknown>

function arithmetic(entity: Entity, value: Arithmetic): Sql {
  if (typeof value === 'number') return sql`${value}::double precision`
  if ('path' in value) return sql`coalesce(${columnOf(leafAt(entity, value.path))}, 0)::double precision`
  const signs = { add: '+', subtract: '-', multiply: '*', divide: '/' } as const
  return sql`(${arithmetic(entity, value.left)} ${sql.raw(signs[value.op])} ${arithmetic(entity, value.right)})`
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

/** The new value of a column, from the row as it was before. */
function assigned(entity: Entity, change: Change): Sql {
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
        leaf.kind === 'int'
          ? sql`round(${arithmetic(entity, change.value)})::integer`
          : arithmetic(entity, change.value),
      )
  }
  const element = param(leaf, change.value)
  if (change.op === 'append') return sql`array_append(${old}, ${element})`
  if (change.op === 'pull') return sql`array_remove(${old}, ${element})`
  return sql`case when ${element} = any(${old}) then ${old} else array_append(${old}, ${element}) end`
}

const elements = (array: Sql): Sql => sql`json_array_elements(${array}) with ordinality x(value, n)`

/** The new value of a json column of objects, likewise. */
function assignedObjects(change: ListChange): Sql {
  const { list } = change
  const old = listColumn(list)
  if (change.op === 'pull') {
    const kept = sql`select coalesce(json_agg(x.value order by x.n), '[]')
      from ${elements(old)}, json_to_record(x.value) as e(${memberTypes(list)})
      where not coalesce(${translateElement(list, change.where)}, false)`
    return sql`case when ${old} is not null then (${kept}) end`
  }
  const value = encodeObjects(list, change.op === 'append' ? [change.value] : change.value)
  const objects = sql`${value && JSON.stringify(value)}::json`
  if (change.op === 'set') return objects
  return sql`(select json_agg(a.value order by a.part, a.n) from (
    select 1 as part, x.n, x.value from ${elements(old)} union all select 2, x.n, x.value from ${elements(objects)}) a)`
}

/** What the mapping does not name of objects that become null goes with them. */
function lessRest(entity: Entity, { presence }: Patch): Sql[] {
  const removed = [...presence].flatMap(([path, there]) => (there ? [] : [entity.embeds.get(path)!.mongo.split('.')]))
  if (removed.length === 0) return []
  const rest = removed.reduce((left, steps) => sql`${left} #- ${steps}::text[]`, sql`t.rest`)
  return [sql`rest = nullif(${rest}, '{}')`]
}

/** Assignments of the main row; child tables are changed afterwards, in statements of their own. */
export function assignments(entity: Entity, patch: Patch): Sql[] {
  const sets = [...patch.presence].map(
    ([path, there]) => sql`${sql.id(entity.embeds.get(path)!.column)} = ${there}::boolean`,
  )
  sets.push(...lessRest(entity, patch))
  for (const change of patch.changes) {
    if (!change.leaf.childTable) sets.push(sql`${sql.id(change.leaf.column)} = ${assigned(entity, change)}`)
  }
  for (const change of patch.lists) {
    if (!change.list.childTable) sets.push(sql`${sql.id(change.list.column)} = ${assignedObjects(change)}`)
  }
  return sets
}
