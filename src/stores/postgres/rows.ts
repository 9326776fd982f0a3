import { type RawBuilder, sql } from 'kysely'
import type { Entity, Id, Leaf, Rec } from '../../entity/entity.ts'
import { type ImpliedColumn, impliedTables } from '../../entity/implied-tables.ts'
import { ids } from './bookkeeping.ts'
import { encodeChildren } from './codec/encode.ts'
import type { Executor } from './connection.ts'
import { castOf } from './ddl.ts'

type Sql = RawBuilder<unknown>

const recordset = (columns: readonly ImpliedColumn[]): Sql =>
  sql.join(columns.map((column) => sql`${sql.id(column.name)} ${sql.raw(castOf(column))}`))

const names = (columns: readonly ImpliedColumn[]): Sql => sql.join(columns.map((column) => sql.id(column.name)))

/**
 * Main rows from JSON, in one statement whose text never changes. `on conflict` decides between the authority's create
 * (no clause: a taken id is an error) and the mirror's put, which replaces only what is older.
 */
export async function insertRows(
  tx: Executor,
  entity: Entity,
  rows: readonly Record<string, unknown>[],
  onlyNewer: boolean,
): Promise<Set<Id>> {
  const { columns, name } = impliedTables(entity)[0]!
  const updates = columns
    .filter((column) => column.name !== 'id')
    .map(({ name: c }) => sql`${sql.id(c)} = excluded.${sql.id(c)}`)
  const conflict = onlyNewer
    ? sql`on conflict (id) do update set ${sql.join(updates)}
          where (t._cf_epoch, t._cf_counter) < (excluded._cf_epoch, excluded._cf_counter)`
    : sql``
  const written = await tx.run<{ id: Id }>(
    sql`insert into ${sql.id(name)} as t (${names(columns)})
        select ${names(columns)} from json_to_recordset(${JSON.stringify(rows)}::json) as r(${recordset(columns)})
        ${conflict} returning t.id`,
  )
  return new Set(written.map(({ id }) => id))
}

export async function insertChildren(tx: Executor, entity: Entity, leaf: Leaf, records: readonly Rec[]): Promise<void> {
  const rows = records.flatMap((record) => encodeChildren(leaf, record))
  if (rows.length === 0) return
  const { columns } = impliedTables(entity).find((table) => table.name === leaf.childTable)!
  await tx.run(
    sql`insert into ${sql.id(leaf.childTable!)} (${names(columns)})
        select ${names(columns)} from json_to_recordset(${JSON.stringify(rows)}::json) as r(${recordset(columns)})`,
  )
}

export function childLeaves(entity: Entity): Leaf[] {
  return [...entity.leaves.values()].filter((leaf) => leaf.list === 'child')
}

/** Replaces the child rows of records whose main rows were just written. */
export async function replaceChildren(tx: Executor, entity: Entity, records: readonly Rec[]): Promise<void> {
  for (const leaf of childLeaves(entity)) {
    await tx.run(
      sql`delete from ${sql.id(leaf.childTable!)} where parent_id = any(${ids(
        entity,
        records.map(({ id }) => id),
      )})`,
    )
    await insertChildren(tx, entity, leaf, records)
  }
}
