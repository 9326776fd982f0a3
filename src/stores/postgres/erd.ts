import { sql } from 'kysely'
import type { Entity, Leaf } from '../../entity/entity.ts'
import { type HeldTable, type ImpliedColumn, type ImpliedTable, tablesOf } from '../../entity/implied-tables.ts'
import type { PostgresConnection } from './connection.ts'
import { castOf } from './ddl.ts'

/** Rows of a table, about; null where PostgreSQL has not counted them yet, or the table is not there. */
export type RowEstimates = ReadonlyMap<string, number | null>

/** As the planner knows them: no table is read for it. */
export async function rowEstimates(connection: PostgresConnection, entities: readonly Entity[]): Promise<RowEstimates> {
  const names = tablesOf(entities).map(({ table }) => table.name)
  const rows = await connection.run<{ name: string; rows: number }>(
    sql`select n as name, c.reltuples::float8 as rows from unnest(${names}::text[]) n join pg_class c on c.oid = to_regclass(quote_ident(n))`,
  )
  // -1 until the first ANALYZE or VACUUM (PostgreSQL manual, "pg_class")
  return new Map(rows.map(({ name, rows: about }) => [name, about < 0 ? null : about]))
}

/** A word that Mermaid takes as a type or a name, and for none of its own; letters of other alphabets are such. */
const word = (text: string): string =>
  /^[PFU]K$/.test(text) ? `_${text}` : text.replace(/[^\w[\]()\u00C0-\uFFFF-]/g, '_').replace(/^(?=[\d-])/, '_')

/** In quotes. There is no way to write one of these inside of them but as an entity of HTML. */
const quoted = (text: string): string => `"${text.replaceAll('"', '#quot;').replaceAll(/\s+/g, ' ')}"`

function attribute(
  { primaryKey, parent }: ImpliedTable,
  column: ImpliedColumn,
  references: ReadonlySet<string>,
): string {
  const { name } = column
  const isForeign = references.has(name) || (parent !== null && name === 'parent_id')
  const keys = [primaryKey.includes(name) ? 'PK' : '', isForeign ? 'FK' : ''].filter(Boolean).join(', ')
  const shown = word(name)
  return ['   ', word(castOf(column)), shown, keys, shown === name ? '' : quoted(name)].filter(Boolean).join(' ')
}

function box(table: ImpliedTable, estimates: RowEstimates, references: ReadonlySet<string>): string[] {
  const { name, columns } = table
  const rows = estimates.get(name)
  const count =
    rows === undefined ? 'not made yet' : rows === null ? 'not counted yet' : `about ${Math.round(rows)} rows`
  const label = quoted(`${name} (${count})`)
  return [`  ${word(name)}[${label}] {`, ...columns.map((column) => attribute(table, column, references)), '  }']
}

/**
 * The tables that mappings imply, as a diagram of Mermaid's, which GitHub and others draw: columns with their types and
 * keys, rows that belong to others, references, and about how many rows there are.
 */
export function entityDiagram(entities: readonly Entity[], estimates: RowEstimates): string {
  const tables = tablesOf(entities)
  const places = new Map(entities.map(({ name, postgres }) => [name, postgres]))
  const referring = ({ table, types }: HeldTable): readonly Leaf[] =>
    table.parent === null
      ? types.flatMap(({ leaves }) => [...leaves.values()].filter(({ references }) => places.has(references ?? '')))
      : []
  const boxes = tables.flatMap((held) =>
    box(held.table, estimates, new Set(referring(held).map(({ column }) => column))),
  )
  const owned = tables.flatMap(({ table: { name, parent } }) =>
    parent === null ? [] : [`  ${word(parent)} ||--o{ ${word(name)} : has`],
  )
  const referred = tables.flatMap((held) =>
    referring(held).map(
      ({ references, path }) => `  ${word(places.get(references!)!)} |o--o{ ${word(held.table.name)} : ${quoted(path)}`,
    ),
  )
  return `${['erDiagram', ...boxes, ...owned, ...new Set(referred)].join('\n')}\n`
}
