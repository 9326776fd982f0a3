import { sql } from 'kysely'
import type { Entity } from '../../entity/entity.ts'
import { type ImpliedTable, impliedTables } from '../../entity/implied-tables.ts'
import type { PostgresConnection } from './connection.ts'
import { columnDefinition, createIndexes, createTable, quote } from './ddl.ts'

/** One place where the database does not fit the mapping, and the statement that mends it, where one does. */
export interface Drift {
  readonly table: string
  readonly problem: string
  readonly statement: string | null
}

interface ColumnRow {
  readonly name: string
  readonly type: string
  readonly not_null: boolean
}

async function columnsOf(connection: PostgresConnection, table: string): Promise<Map<string, ColumnRow>> {
  const rows = await connection.run<ColumnRow>(
    sql`select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as not_null
        from pg_attribute a where a.attrelid = to_regclass(${quote(table)}) and a.attnum > 0 and not a.attisdropped`,
  )
  return new Map(rows.map((row) => [row.name, row]))
}

async function indexNames(connection: PostgresConnection, table: string): Promise<Set<string>> {
  const rows = await connection.run<{ name: string }>(
    sql`select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
        where i.indrelid = to_regclass(${quote(table)}) and i.indisvalid`,
  )
  return new Set(rows.map(({ name }) => name))
}

/** A column's type as `format_type` prints it: without its collation. */
const plainType = (definition: string, name: string): string =>
  definition.slice(quote(name).length + 1).replace(/ (collate|not null|default).*$/, '')

async function tableDrift(connection: PostgresConnection, table: ImpliedTable): Promise<Drift[]> {
  const present = await columnsOf(connection, table.name)
  if (present.size === 0) {
    const statements = [createTable(table), ...createIndexes(table)]
    return statements.map((statement, index) => ({
      table: table.name,
      problem: index === 0 ? 'table is missing' : 'index is missing',
      statement,
    }))
  }
  const drift: Drift[] = []
  for (const column of table.columns) {
    const definition = columnDefinition(column)
    const found = present.get(column.name)
    if (!found) {
      const statement = `alter table ${quote(table.name)} add column ${definition}`
      drift.push({ table: table.name, problem: `column ${column.name} is missing`, statement })
    } else if (found.type !== plainType(definition, column.name)) {
      const problem = `column ${column.name} is ${found.type}, the mapping wants ${plainType(definition, column.name)}`
      drift.push({ table: table.name, problem, statement: null })
    }
  }
  const indexes = await indexNames(connection, table.name)
  const statements = createIndexes(table)
  table.indexes.forEach(({ name }, index) => {
    if (!indexes.has(name))
      drift.push({ table: table.name, problem: `index ${name} is missing`, statement: statements[index]! })
  })
  return drift
}

/** Where the database differs from what the mappings imply; empty where it fits. */
export async function schemaDrift(connection: PostgresConnection, entities: readonly Entity[]): Promise<Drift[]> {
  const drift: Drift[] = []
  for (const entity of entities) {
    for (const table of impliedTables(entity)) drift.push(...(await tableDrift(connection, table)))
  }
  return drift
}
