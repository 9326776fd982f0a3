import { type RawBuilder, sql } from 'kysely'
import { maxDigits, maxExponent } from '../../codec/decimal.ts'
import type { Leaf, Scope } from '../../entity/entity.ts'
import { isEntity, leafAt } from '../../entity/leaf-at.ts'
import type { Change } from '../../query/change.ts'
import type { Arithmetic } from '../../query/operations.ts'
import type { Patch } from '../../query/patch.ts'
import { encodeLeaf } from './codec/encode.ts'
import { postgresKind } from './codec/postgres-kinds.ts'
import { columnOf } from './select.ts'
import { param } from './where.ts'

type Sql = RawBuilder<unknown>

export type NewValue = readonly [column: string, value: Sql]

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
export const indexIn = (size: Sql, at: number): Sql =>
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

/** Takes a path out of jsonb, and with it the objects around it that nothing is left of, as MongoDB's codec leaves them out. */
function without(json: Sql, steps: readonly string[]): Sql {
  const around = steps.slice(1).map((_, n) => steps.slice(0, steps.length - 1 - n))
  return around.reduce(
    (left, path) => sql`(select case when j.v #> ${path}::text[] = '{}' then j.v #- ${path}::text[] else j.v end
      from (select ${left}) as j(v))`,
    sql`${json} #- ${steps}::text[]`,
  )
}

/** What the mapping does not name of objects that become null goes with them. */
function lessRest({ embeds }: Scope, { presence }: Patch, rest: Sql): NewValue[] {
  const removed = [...presence].flatMap(([path, there]) => (there ? [] : [embeds.get(path)!.mongo.split('.')]))
  if (removed.length === 0) return []
  const left = removed.reduce(without, rest)
  return [['rest', sql`nullif(${left}, '{}')`]]
}

/** Columns of values, of a main row or of an object of a list, with what they are to be. Lists of objects are none of them. */
export function newValues(scope: Scope, patch: Patch): NewValue[] {
  return [
    ...[...patch.presence].map(([path, there]): NewValue => [scope.embeds.get(path)!.column, sql`${there}::boolean`]),
    ...lessRest(scope, patch, isEntity(scope) ? sql`t.rest` : sql`e.rest`),
    ...patch.changes
      .filter(({ leaf }) => !leaf.childTable)
      .map((change): NewValue => [change.leaf.column, assigned(scope, change)]),
  ]
}

/**
 * Whether columns of an alias are not yet what they are to be: as text, since = takes 1.50 for 1.5 and -0 for 0, and json has
 * none; by its bytes, since a collation may take different texts for one.
 */
export const differs = (alias: 't' | 'e', values: readonly NewValue[]): Sql[] =>
  values.map(([column, value]) => sql`${sql.id(alias, column)}::text collate "C" is distinct from (${value})::text`)

/** Assignments of a row, whose columns have the values from before on their right. */
export const assignedValues = (values: readonly NewValue[]): Sql[] =>
  values.map(([column, value]) => sql`${sql.id(column)} = ${value}`)
