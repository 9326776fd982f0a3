import { type RawBuilder, sql } from 'kysely'
import type { Entity, Id, Leaf } from '../../entity/entity.ts'
import type { Arithmetic, Change, Patch } from '../patch.ts'
import { leafAt } from '../query.ts'
import { encodeLeaf } from './codec/encode.ts'
import { postgresKind } from './codec/postgres-kinds.ts'
import type { Executor } from './connection.ts'
import { columnOf, tableOf } from './select.ts'
import { param } from './where.ts'

type Sql = RawBuilder<unknown>

function arithmetic(entity: Entity, value: Arithmetic): Sql {
  if (typeof value === 'number') return sql`${value}::double precision`
  if ('path' in value) return sql`coalesce(${columnOf(leafAt(entity, value.path))}, 0)::double precision`
  const signs = { add: '+', subtract: '-', multiply: '*', divide: '/' } as const
  return sql`(${arithmetic(entity, value.left)} ${sql.raw(signs[value.op])} ${arithmetic(entity, value.right)})`
}

function listValue(leaf: Leaf, value: unknown): Sql {
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

/** A result that the field's converter means as null is null, as it is where it is read from Mongo. */
function converted(leaf: Leaf, value: Sql): Sql {
  const numbers = (leaf.converter.nullIf ?? []).filter((each) => typeof each === 'number')
  return numbers.reduce(
    (result, each) =>
      sql`nullif(${result}, ${each}::${sql.raw(leaf.kind === 'long' ? 'numeric' : 'double precision')})`,
    value,
  )
}

/** The new value of a column, from the row as it was before. */
function assigned(entity: Entity, change: Change): Sql {
  const { leaf } = change
  const old = columnOf(leaf)
  switch (change.op) {
    case 'set':
      return listValue(leaf, change.value)
    case 'increment':
      return converted(
        leaf,
        sql`coalesce(${old}, 0) + ${postgresKind(leaf.kind).encode(change.by)}::${sql.raw(postgresKind(leaf.kind).cast)}`,
      )
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

/** Assignments of the main row; child tables are changed afterwards, in statements of their own. */
export function assignments(entity: Entity, patch: Patch): Sql[] {
  const sets = [...patch.presence].map(
    ([path, there]) => sql`${sql.id(entity.embeds.get(path)!.column)} = ${there}::boolean`,
  )
  for (const change of patch.changes) {
    if (change.leaf.list === 'child') continue
    sets.push(sql`${sql.id(change.leaf.column)} = ${assigned(entity, change)}`)
  }
  return sets
}

/** Applies the changes of lists in child tables, under the record's lock, and keeps the count that stands for presence. */
export async function patchChildren(tx: Executor, entity: Entity, id: Id, patch: Patch): Promise<void> {
  for (const change of patch.changes) {
    const { leaf } = change
    if (leaf.list !== 'child') continue
    const table = sql.id(leaf.childTable!)
    const main = tableOf(entity)
    const recount = sql`(select count(*) from ${table} where parent_id = t.id)`
    if (change.op === 'set') {
      await tx.run(sql`delete from ${table} where parent_id = ${id}`)
      const values = encodeLeaf(leaf, change.value) as unknown[] | null
      if (values && values.length > 0) {
        await tx.run(
          sql`insert into ${table} (parent_id, position, value)
              select ${id}, n - 1, v from unnest(${values}::${sql.raw(postgresKind(leaf.kind).cast)}[]) with ordinality u(v, n)`,
        )
      }
      await tx.run(
        sql`update ${main} set ${sql.id(leaf.column)} = ${values === null ? null : values.length}::integer where t.id = ${id}`,
      )
      continue
    }
    const element = param(leaf, (change as { value: unknown }).value)
    if (change.op === 'pull') {
      await tx.run(sql`delete from ${table} where parent_id = ${id} and value = ${element}`)
      await tx.run(
        sql`update ${main} set ${sql.id(leaf.column)} = ${recount} where t.id = ${id} and t.${sql.id(leaf.column)} is not null`,
      )
      continue
    }
    const absent =
      change.op === 'addToSet'
        ? sql`where not exists (select from ${table} where parent_id = ${id} and value = ${element})`
        : sql``
    await tx.run(
      sql`insert into ${table} (parent_id, position, value)
          select ${id}, (select coalesce(max(position) + 1, 0) from ${table} where parent_id = ${id}), ${element} ${absent}`,
    )
    await tx.run(sql`update ${main} set ${sql.id(leaf.column)} = ${recount} where t.id = ${id}`)
  }
}
