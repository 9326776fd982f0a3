import type { KindName } from '../../codec/kinds.ts'
import type { ImpliedColumn, ImpliedTable } from '../../entity/implied-tables.ts'
import { postgresKind } from './codec/postgres-kinds.ts'

const own = {
  presence: 'boolean',
  count: 'integer',
  objects: 'json', // as objects in it may have members of that type
  rest: 'jsonb',
  version: 'bigint',
  position: 'integer',
} as const

/** Whether a column holds values of a kind, and is no bookkeeping of ours. */
export const isKind = (type: ImpliedColumn['type']): type is KindName => !(type in own)

const baseOf = ({ type }: Pick<ImpliedColumn, 'type'>, which: 'type' | 'cast'): string =>
  isKind(type) ? postgresKind(type)[which] : own[type]

/** Name of a column's type, for casts and record sets. */
export function castOf(column: Pick<ImpliedColumn, 'type' | 'array'>): string {
  return baseOf(column, 'cast') + (column.array ? '[]' : '')
}

/** A quoted identifier. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A quoted text, for statements that take no parameters. */
export const textLiteral = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A name as Postgres takes it. Its limit is in bytes; one that is cut in a character loses it. */
export const limited = (name: string, bytes = 63): string =>
  Buffer.from(name)
    .subarray(0, bytes)
    .toString()
    .replace(/\ufffd$/, '')

/** A column with its type. Postgres wants the collation of an array behind its brackets. */
export function typedColumn(column: ImpliedColumn): string {
  const base = baseOf(column, 'type')
  return `${quote(column.name)} ${column.array ? base.replace(/( collate .*)?$/, '[]$1') : base}`
}

/** A column as it stands in CREATE TABLE. */
export function columnDefinition(column: ImpliedColumn): string {
  const starts = column.type === 'version' ? ' default 0' : ''
  return `${typedColumn(column)}${column.notNull ? ' not null' : ''}${starts}`
}

const list = (names: readonly string[]): string => names.map(quote).join(', ')

/**
 * CREATE TABLE for one implied table.
 *
 * @param constraints what stands behind its columns and keys, a definition each.
 */
export function createTable(table: ImpliedTable, constraints: readonly string[] = []): string {
  const lines = table.columns.map(columnDefinition)
  lines.push(`primary key (${list(table.primaryKey)})`)
  if (table.parent) lines.push(`foreign key ("parent_id") references ${quote(table.parent)} ("id") on delete cascade`)
  lines.push(...constraints)
  return `create table ${quote(table.name)} (\n  ${lines.join(',\n  ')}\n)`
}

/** A key of an index. An id is not nullable; null is the lowest value, as in Mongo. */
export interface IndexKey {
  readonly column: string
  readonly direction: 'asc' | 'desc'
  readonly nullable: boolean
}

function keyText({ column, direction, nullable }: IndexKey): string {
  const nulls = direction === 'asc' ? ' nulls first' : ' nulls last'
  return quote(column) + (direction === 'asc' ? '' : ' desc') + (nullable ? nulls : '')
}

/** CREATE INDEX in the order that queries ask for: nulls first ascending, so that one index serves both directions. */
export function createIndexes(table: ImpliedTable): string[] {
  return table.indexes.map(({ name, columns }) => {
    const keys = columns.map((column) => keyText({ column, direction: 'asc', nullable: column !== 'id' }))
    return `create index ${quote(name)} on ${quote(table.name)} (${keys.join(', ')})`
  })
}

/** A name for an index that none has yet, with a number behind it as PostgreSQL gives them. */
function freeName(table: string, keys: readonly IndexKey[], taken: ReadonlySet<string>): string {
  const stem = `${table}_${keys.map(({ column }) => column).join('_')}`
  const whole = limited(`${stem}_idx`)
  for (let number = 0; ; number++) {
    const end = `_idx${number}`
    const name = number === 0 ? whole : limited(stem, 63 - end.length) + end
    if (!taken.has(name)) return name
  }
}

/**
 * CREATE INDEX on a table in use, which holds up nobody.
 *
 * @param where the condition of its rows; default: none.
 * @param taken names that are given; the new one is added.
 */
export function createIndexConcurrently(
  table: string,
  keys: readonly IndexKey[],
  {
    using = '',
    where = null,
    taken,
  }: { readonly using?: string; readonly where?: string | null; readonly taken: Set<string> },
): string {
  const name = freeName(table, keys, taken)
  taken.add(name)
  const on = `${quote(table)}${using === '' ? '' : ` using ${using}`} (${keys.map(keyText).join(', ')})`
  return `create index concurrently ${quote(name)} on ${on}${where === null ? '' : ` where ${where}`};`
}
