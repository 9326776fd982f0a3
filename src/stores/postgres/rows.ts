import { type RawBuilder, sql } from 'kysely'
import type { Entity, Id } from '../../entity/entity.ts'
import { type ImpliedColumn, impliedTables } from '../../entity/implied-tables.ts'
import { valueAt } from '../../entity/values.ts'
import { onceFor } from '../../util/once-for.ts'
import { ids } from './bookkeeping.ts'
import { type ChildList, type Content, encodeChildren, encodeRow } from './codec/encode.ts'
import type { Executor } from './connection.ts'
import { castOf } from './ddl.ts'

type Sql = RawBuilder<unknown>

const recordset = (columns: readonly ImpliedColumn[]): Sql =>
  sql.join(columns.map((column) => sql`${sql.id(column.name)} ${sql.raw(castOf(column))}`))

const names = (columns: readonly ImpliedColumn[]): Sql => sql.join(columns.map((column) => sql.id(column.name)))

/**
 * Main rows from JSON, in one statement whose text never changes.
 *
 * @param over what a row that is there gives way to: nothing (a taken id is an error), a newer version, or the same one.
 */
export async function insertRows(
  tx: Executor,
  entity: Entity,
  contents: readonly Content[],
  over: 'nothing' | 'newer' | 'same',
): Promise<Set<Id>> {
  const rows = contents.map((content) => encodeRow(entity, content))
  const { columns, name } = impliedTables(entity)[0]!
  const updates = columns
    .filter((column) => column.name !== 'id')
    .map(({ name: c }) => sql`${sql.id(c)} = excluded.${sql.id(c)}`)
  const replaced = sql.raw(over === 'newer' ? '<' : '=')
  const conflict =
    over === 'nothing'
      ? sql``
      : sql`on conflict (id) do update set ${sql.join(updates)}
          where (t._cf_epoch, t._cf_counter) ${replaced} (excluded._cf_epoch, excluded._cf_counter)`
  const written = await tx.run<{ id: Id }>(
    sql`insert into ${sql.id(name)} as t (${names(columns)})
        select ${names(columns)} from json_to_recordset(${JSON.stringify(rows)}::json) as r(${recordset(columns)})
        ${conflict} returning t.id`,
  )
  return new Set(written.map(({ id }) => id))
}

/** Rows of one child table, each with its parent and place. */
export async function insertChildren(
  tx: Executor,
  entity: Entity,
  { childTable }: ChildList,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  if (rows.length === 0) return
  const { columns } = impliedTables(entity).find((table) => table.name === childTable)!
  await tx.run(
    sql`insert into ${sql.id(childTable!)} (${names(columns)})
        select ${names(columns)} from json_to_recordset(${JSON.stringify(rows)}::json) as r(${recordset(columns)})`,
  )
}

/** One row behind the last of its parent, unless there is one for which `unless` holds. */
export async function appendChild(
  tx: Executor,
  entity: Entity,
  { childTable }: ChildList,
  row: Readonly<Record<string, unknown>>,
  unless: Sql,
): Promise<void> {
  const table = sql.id(childTable!)
  const { columns } = impliedTables(entity).find(({ name }) => name === childTable)!
  const others = columns.filter(({ name }) => name !== 'position')
  await tx.run(
    sql`insert into ${table} (position, ${names(others)})
        select (select coalesce(max(e.position) + 1, 0) from ${table} e where e.parent_id = r.parent_id), ${names(others)}
        from json_to_recordset(${JSON.stringify([row])}::json) as r(${recordset(others)})
        where not exists (select from ${table} e where e.parent_id = r.parent_id and ${unless})`,
  )
}

const childLists = onceFor((entity: Entity): readonly ChildList[] =>
  [...entity.leaves.values(), ...entity.lists.values()].filter(({ childTable }) => childTable !== null),
)

/** Replaces the child rows of records whose main rows were just written. */
export async function replaceChildren(tx: Executor, entity: Entity, contents: readonly Content[]): Promise<void> {
  const parents = ids(
    entity,
    contents.map(({ record }) => record.id),
  )
  const replace = (list: ChildList): Promise<unknown>[] => {
    const rows = contents.flatMap(({ record, elementRests = {} }) =>
      encodeChildren(list, record.id, valueAt(record, list.keys), elementRests[list.path]),
    )
    const old = sql`delete from ${sql.id(list.childTable!)} where parent_id = any(${parents})`
    return [tx.run(old), insertChildren(tx, entity, list, rows)]
  }
  await Promise.all(childLists(entity).flatMap(replace))
}
