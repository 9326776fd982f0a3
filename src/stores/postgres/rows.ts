import { type RawBuilder, sql } from 'kysely'
import type { Entity, Id } from '../../entity/entity.ts'
import { type ImpliedColumn, impliedTables } from '../../entity/implied-tables.ts'
import type { Members } from '../../entity/lists.ts'
import { valueAt } from '../../entity/values.ts'
import { onceFor } from '../../util/once-for.ts'
import { ids } from './bookkeeping.ts'
import { type ChildList, type Content, encodeChildren, encodeRow } from './codec/encode.ts'
import { castOf } from './ddl.ts'
import { isOfType } from './of-type.ts'

type Sql = RawBuilder<unknown>

const recordset = (columns: readonly ImpliedColumn[]): Sql =>
  sql.join(columns.map((column) => sql`${sql.id(column.name)} ${sql.raw(castOf(column))}`))

const names = (columns: readonly ImpliedColumn[]): Sql => sql.join(columns.map((column) => sql.id(column.name)))

/** What of a table's columns is taken from `r`, the rows of the JSON, which other values may take the place of. */
const selected = (columns: readonly ImpliedColumn[], other: ReadonlyMap<string, Sql> = new Map()): Sql =>
  sql.join(columns.map(({ name }) => other.get(name) ?? sql`r.${sql.id(name)}`))

const columnsOf = (entity: Entity, { childTable }: ChildList): readonly ImpliedColumn[] =>
  impliedTables(entity).find(({ name }) => name === childTable)!.columns

/** Rows from JSON, in a statement whose text never changes. */
const fromJson = (columns: readonly ImpliedColumn[], rows: readonly Readonly<Record<string, unknown>>[]): Sql =>
  sql`json_to_recordset(${JSON.stringify(rows)}::json) as r(${recordset(columns)})`

/** A new main row; a taken id is an error. Its counter is above that of whatever was deleted under its id. */
export function insertRow(entity: Entity, content: Content): Sql {
  const { columns, name } = impliedTables(entity)[0]!
  const buried = sql`select d.counter + 1 from crossfade.tombstones d where d.entity = ${entity.name} and d.id = r.id::text`
  const counter = new Map([['_cf_counter', sql`greatest(r._cf_counter, (${buried}))`]])
  return sql`insert into ${sql.id(name)} (${names(columns)})
    select ${selected(columns, counter)} from ${fromJson(columns, [encodeRow(entity, content)])}`
}

/**
 * Main rows, unless their ids have a tombstone that is as new; returns the ids of those that were written.
 *
 * @param over what a row that is there gives way to: a newer version, or the same one.
 */
export function insertRows(entity: Entity, contents: readonly Content[], over: 'newer' | 'same'): Sql {
  const rows = contents.map((content) => encodeRow(entity, content))
  const { columns, name } = impliedTables(entity)[0]!
  const updates = columns
    .filter((column) => column.name !== 'id')
    .map(({ name: c }) => sql`${sql.id(c)} = excluded.${sql.id(c)}`)
  const replaced = sql.raw(over === 'newer' ? '<' : '=')
  // A scalar, since a join would go through all tombstones, and write the rows in an order of its own
  const isNewer = sql`(select (d.epoch, d.counter) < (r._cf_epoch, r._cf_counter) from crossfade.tombstones d
    where d.entity = ${entity.name} and d.id = r.id::text)`
  return sql`insert into ${sql.id(name)} as t (${names(columns)})
    select ${selected(columns)} from ${fromJson(columns, rows)} where coalesce(${isNewer}, true)
    on conflict (id) do update set ${sql.join(updates)}
      where ${isOfType(entity)} and (t._cf_epoch, t._cf_counter) ${replaced} (excluded._cf_epoch, excluded._cf_counter) returning t.id`
}

/** Rows of one child table, each with its parent and place; nothing to run where there are none. */
export function insertChildren(
  entity: Entity,
  list: ChildList,
  rows: readonly Readonly<Record<string, unknown>>[],
): Sql[] {
  if (rows.length === 0) return []
  const columns = columnsOf(entity, list)
  return [
    sql`insert into ${sql.id(list.childTable!)} (${names(columns)}) select ${selected(columns)} from ${fromJson(columns, rows)}`,
  ]
}

/** The child rows of one record in the place of those that are there, unless these are the same: see `areOthers`. */
export function setChildren(
  entity: Entity,
  list: ChildList,
  parent: Id,
  rows: readonly Readonly<Record<string, unknown>>[],
): Sql[] {
  const table = sql.id(list.childTable!)
  const others = areOthers(entity, list, parent, rows)
  const old = sql`delete from ${table} where parent_id = ${parent} and ${others}`
  const isFree = sql`where not exists (select from ${table} where parent_id = ${parent})`
  return [old, ...insertChildren(entity, list, rows).map((insert) => sql`${insert} ${isFree}`)]
}

/** Whether a record's rows of one child table are others than these, or in another order; as text, see `differs`. */
export function areOthers(
  entity: Entity,
  list: ChildList,
  parent: Id,
  rows: readonly Readonly<Record<string, unknown>>[],
): Sql {
  const columns = columnsOf(entity, list)
  const values = columns.filter(({ name }) => name !== 'parent_id' && name !== 'position')
  const texts = (from: Sql): Sql =>
    sql`array(select row(${selected(values)})::text collate "C" from ${from} order by r.position)`
  const present = texts(sql`${sql.id(list.childTable!)} r where r.parent_id = ${parent}`)
  return sql`${present} is distinct from ${texts(fromJson(columns, rows))}`
}

/** One row behind the last of its parent, unless there is one for which `unless` holds. */
export function appendChild(entity: Entity, list: ChildList, row: Readonly<Record<string, unknown>>, unless: Sql): Sql {
  const table = sql.id(list.childTable!)
  const others = columnsOf(entity, list).filter(({ name }) => name !== 'position')
  return sql`insert into ${table} (position, ${names(others)})
    select (select greatest(max(e.position) + 1, 0) from ${table} e where e.parent_id = r.parent_id), ${selected(others)}
    from ${fromJson(others, [row])}
    where not exists (select from ${table} e where e.parent_id = r.parent_id and ${unless})`
}

const childLists = onceFor((entity: Entity): readonly ChildList[] =>
  [...entity.leaves.values(), ...entity.lists.values()].filter(({ childTable }) => childTable !== null),
)

/** The rows of records' lists that have a table of their own, list by list. */
export const childRows = (
  entity: Entity,
  contents: readonly Content[],
): { readonly list: ChildList; readonly rows: Members[] }[] =>
  childLists(entity).map((list) => ({
    list,
    rows: contents.flatMap(({ record, elementRests = {} }) =>
      encodeChildren(list, record.id, valueAt(record, list.keys), elementRests[list.path]),
    ),
  }))

/** The child rows of records: behind their main rows, and in the place of those that were there. */
export function replaceChildren(entity: Entity, contents: readonly Content[]): Sql[] {
  const parents = ids(
    entity,
    contents.map(({ record }) => record.id),
  )
  return childRows(entity, contents).flatMap(({ list, rows }) => {
    const old = sql`delete from ${sql.id(list.childTable!)} where parent_id = any(${parents})`
    return [old, ...insertChildren(entity, list, rows)]
  })
}

/** The child rows of a record that is new. */
export const insertAllChildren = (entity: Entity, content: Content): Sql[] =>
  childRows(entity, [content]).flatMap(({ list, rows }) => insertChildren(entity, list, rows))
