import { createHash } from 'node:crypto'
import type { Entity } from '../../entity/entity.ts'
import { type ImpliedColumn, type ImpliedTable, impliedTables } from '../../entity/implied-tables.ts'
import type { Among } from './codec/postgres-kind.ts'
import { postgresKind } from './codec/postgres-kinds.ts'
import { isKind, limited, quote, textLiteral, typedColumn } from './ddl.ts'
import { typeConditions } from './of-type.ts'

/**
 * A check of a type's table: rows hold what the field of the column can be, whoever writes them. It is known by its name,
 * which has a digest of the rest, since PostgreSQL writes expressions in a way of its own.
 */
export interface Check {
  readonly name: string
  readonly column: ImpliedColumn
  readonly expression: string
  /** What the expression calls and is of this check alone; null where there is no such. */
  readonly calls: { readonly name: string; readonly body: string } | null
}

const digestOf = (...parts: readonly string[]): string =>
  createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 8)

const each = (all: readonly string[]): string => all.map(textLiteral).join(', ')

function amongText({ name, array }: ImpliedColumn, among: Among): string {
  const value = quote(name)
  if ('matching' in among) {
    const form = textLiteral(among.matching)
    return array ? `crossfade.each_like(${value}, ${form})` : `${value} ~ ${form}`
  }
  if ('without' in among)
    return array ? `not ${value} && '{${among.without}}'` : `${value} not in (${each(among.without)})`
  const [from, to] = [textLiteral(among.from), textLiteral(among.to)]
  return array ? `crossfade.each_between(${value}, ${from}, ${to})` : `${value} between ${from} and ${to}`
}

/** Instants that MongoDB holds as texts, see `TimestampForm`. */
const fourDigitYears: Among = { from: '0001-01-01 00:00:00+00', to: '9999-12-31 23:59:59.999+00' }

/** What must not be false of a column's value; nothing where its type says it all. */
function conditions(column: ImpliedColumn): string[] {
  const { name, type, array, values } = column
  const value = quote(name)
  if (type === 'rest') return [`jsonb_typeof(${value}) = 'object'`]
  if (!isKind(type)) return []
  const isList = array ? [`crossfade.is_list(${value})`] : []
  if (values) return [...isList, array ? `${value} <@ array[${each(values)}]` : `${value} in (${each(values)})`]
  const among = column.asText ? fourDigitYears : postgresKind(type).among
  return among ? [...isList, amongText(column, among)] : isList
}

/** Names of what one check alone calls, as a regular expression. */
export const calledName = '^holds_[0-9a-f]{8}$'

/** Reads the objects as queries do, so that what cannot be read is refused by what they would fail with. */
function objectsBody(members: readonly ImpliedColumn[]): string {
  const wrong = members.flatMap(conditions).map((condition) => `(${condition}) is false`)
  const count = wrong.length === 0 ? 'count(*) >= 0' : `count(*) filter (where ${wrong.join(' or ')}) = 0`
  return `select ${count} from json_to_recordset(objects) as e(${members.map(typedColumn).join(', ')})`
}

/** In a table of several types each has its own, as it has its own triggers. */
const endOf = ({ fixed, name }: Entity): string => (fixed.size > 0 ? `_${limited(name, 37)}` : '')

/** What the names of all checks of a column begin with, whatever it may hold. */
export const stemFor = (entity: Entity, column: string): string =>
  `crossfade_${limited(column, 44 - Buffer.byteLength(endOf(entity)))}`

function checkOf(entity: Entity, { name: table }: ImpliedTable, column: ImpliedColumn, own: string): Check | null {
  const { name, members } = column
  const body = members && objectsBody(members)
  const calls = body === null ? null : { name: `holds_${digestOf(table, name, body)}`, body }
  const all = calls ? [`crossfade.${calls.name}(${quote(name)})`] : conditions(column)
  if (all.length === 0) return null
  const expression = own + all.join(' and ')
  return { name: `${stemFor(entity, name)}_${digestOf(name, expression)}${endOf(entity)}`, column, expression, calls }
}

/** The checks of one table of a type; the others of a table of several types are not held by them. */
export function checksOf(entity: Entity, { name }: Pick<ImpliedTable, 'name'>): readonly Check[] {
  const table = impliedTables(entity).find((each) => each.name === name)!
  const ofType = table.parent === null ? typeConditions(entity) : [] // rows of child tables are of one type
  const own = ofType.length === 0 ? '' : `(${ofType.join(' and ')}) is not true or `
  const fixed = new Set([...entity.fixed.keys()].map((path) => entity.leaves.get(path)!.column))
  return table.columns
    .filter((column) => !fixed.has(column.name))
    .flatMap((column) => checkOf(entity, table, column, own) ?? [])
}

/** Whether a check of this name was made for some type. */
export const isOurs = (check: string): boolean => /^crossfade_.*_[0-9a-f]{8}(_|$)/.test(check)

/** The stem of a check that was made for the type, by any of its mappings; null for those of others. */
export function stemOf(entity: Entity, check: string): string | null {
  const end = endOf(entity)
  const own = check.endsWith(end) ? check.slice(0, check.length - end.length) : check
  return /^(crossfade_.*)_[0-9a-f]{8}$/.exec(own)?.[1] ?? null
}

/** What makes what a check calls, or makes it again. */
export function createCalled({ name, calls }: Check): { problem: string; statement: string; works: true }[] {
  if (calls === null) return []
  const declared = `crossfade.${calls.name}(objects json) returns boolean language sql immutable parallel safe`
  const statement = `create or replace function ${declared}\n  as ${textLiteral(calls.body)}`
  return [{ problem: `function ${calls.name} of check ${name} is missing`, statement, works: true }]
}

/** As CREATE TABLE and ALTER TABLE ADD have it. */
export const checkDefinition = ({ name, expression }: Check): string =>
  `constraint ${quote(name)} check (${expression})`
