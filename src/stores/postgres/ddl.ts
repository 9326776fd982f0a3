import type { ImpliedColumn, ImpliedTable } from '../../entity/implied-tables.ts'
import { postgresKind } from './codec/postgres-kinds.ts'

const own = {
  presence: 'boolean',
  count: 'integer',
  rest: 'jsonb',
  version: 'bigint',
  position: 'integer',
} as const

function baseOf(column: ImpliedColumn, which: 'type' | 'cast'): string {
  return column.type in own ? own[column.type as keyof typeof own] : postgresKind(column.type as 'text')[which]
}

/** Name of a column's type, for casts and record sets. */
export function castOf(column: ImpliedColumn): string {
  return baseOf(column, 'cast') + (column.array ? '[]' : '')
}

/** A quoted identifier. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A column as it stands in CREATE TABLE. Postgres wants the collation of an array behind its brackets. */
export function columnDefinition(column: ImpliedColumn): string {
  const base = baseOf(column, 'type')
  const type = column.array ? base.replace(/( collate .*)?$/, '[]$1') : base
  const starts = column.type === 'version' ? ' default 0' : ''
  return `${quote(column.name)} ${type}${column.notNull ? ' not null' : ''}${starts}`
}

const list = (names: readonly string[]): string => names.map(quote).join(', ')

/** CREATE TABLE for one implied table. */
export function createTable(table: ImpliedTable): string {
  const lines = table.columns.map(columnDefinition)
  lines.push(`primary key (${list(table.primaryKey)})`)
  if (table.parent) lines.push(`foreign key ("parent_id") references ${quote(table.parent)} ("id") on delete cascade`)
  return `create table ${quote(table.name)} (\n  ${lines.join(',\n  ')}\n)`
}

/** CREATE INDEX in the order that queries ask for: nulls first ascending, so that one index serves both directions. */
export function createIndexes(table: ImpliedTable): string[] {
  return table.indexes.map(({ name, columns }) => {
    const keys = columns.map((column) => (column === 'id' ? quote(column) : `${quote(column)} nulls first`))
    return `create index ${quote(name)} on ${quote(table.name)} (${keys.join(', ')})`
  })
}
