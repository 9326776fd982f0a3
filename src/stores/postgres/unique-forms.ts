import { createHash } from 'node:crypto'
import type { Entity } from '../../entity/entity.ts'
import type { UniqueKey } from '../unique-key.ts'
import { limited, quote } from './ddl.ts'
import type { PostgresIndex } from './indexes.ts'
import { conditionText } from './key-conditions.ts'
import { typeConditions } from './of-type.ts'

/** One index that keeps a unique key, or a part of it. */
export interface UniqueForm {
  readonly table: string
  readonly name: string
  /** None: at most one row that meets the predicate. */
  readonly columns: readonly string[]
  /** Not compared: they tell of which columns the index is. */
  readonly carried: readonly string[]
  /** Null counts like a value. */
  readonly nullsNotDistinct: boolean
  /** SQL; null where it holds for all rows, and so can be a constraint, which is deferrable. */
  readonly predicate: string | null
}

/** Every choice of at least one of the columns. */
function choices(columns: readonly string[]): string[][] {
  const [first, ...others] = columns
  if (first === undefined) return []
  const rest = choices(others)
  return [[first], ...rest, ...rest.map((each) => [first, ...each])]
}

/** Two predicates of one table give two names: it is not to be cut off. */
const mark = (predicate: string | null): string =>
  predicate === null ? '' : `_${createHash('sha256').update(predicate).digest('hex').slice(0, 8)}`

const notDistinctSince = 150_000

/**
 * The indexes of a unique key. A server that has no NULLS NOT DISTINCT, which is any before PostgreSQL 15, keeps the
 * second record that lacks a value out by an index of those alone that lack it: one for each choice of its columns. A type
 * that others may share a table with has indexes of its own rows.
 *
 * @param serverVersion `server_version_num`.
 */
export function uniqueForms(entity: Entity, key: UniqueKey, serverVersion: number): UniqueForm[] {
  const { postgres: table } = entity
  const columns = key.leaves.map(({ column }) => column)
  const filter = [...typeConditions(entity), ...key.among.map(conditionText)]
  const oneNull = key.nulls === 'one'
  const form = (compared: readonly string[], lacking: readonly string[], nullsNotDistinct: boolean): UniqueForm => {
    const parts = [...filter, ...lacking.map((column) => `${quote(column)} is null`)]
    const predicate = parts.length > 0 ? parts.join(' and ') : null
    const end = `${mark(predicate)}_key`
    const name = limited(`${table}_${columns.join('_')}`, 63 - end.length) + end
    return { table, name, columns: compared, carried: lacking, nullsNotDistinct, predicate }
  }
  if (!oneNull || serverVersion >= notDistinctSince) return [form(columns, [], oneNull)]
  const others = choices(columns).map((lacking) =>
    form(
      columns.filter((column) => !lacking.includes(column)),
      lacking,
      false,
    ),
  )
  return [form(columns, [], false), ...others]
}

const list = (columns: readonly string[]): string => columns.map(quote).join(', ')

/** CREATE UNIQUE INDEX on a table in use, which holds up nobody; outside of transactions. */
export function createUnique(form: UniqueForm, name: string = form.name): string {
  const keys = form.columns.length > 0 ? list(form.columns) : '(true)'
  const parts = [
    `create unique index concurrently ${quote(name)} on ${quote(form.table)} (${keys})`,
    ...(form.carried.length > 0 ? [`include (${list(form.carried)})`] : []),
    ...(form.nullsNotDistinct ? ['nulls not distinct'] : []),
    ...(form.predicate === null ? [] : [`where ${form.predicate}`]),
  ]
  return parts.join(' ')
}

/** Makes an index a constraint, which takes a moment. Deferrable: two records can exchange values in one transaction. */
export function addConstraint({ table, name }: UniqueForm, index: string): string {
  const using = `unique using index ${quote(index)} deferrable initially immediate`
  return `alter table ${quote(table)} add constraint ${quote(name)} ${using}`
}

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((column, at) => column === b[at])

/** Whether an index promises what the form does. Predicates are told apart by their names. */
export const keeps = (index: PostgresIndex, form: UniqueForm): boolean =>
  index.unique &&
  index.valid &&
  same(index.columns, form.columns) &&
  (index.nullsNotDistinct || !form.nullsNotDistinct) &&
  (form.predicate === null ? index.predicate === null : index.name === form.name)

/** Whether it can become a constraint: the order of its keys must be the usual one. */
const isAttachable = (index: PostgresIndex, form: UniqueForm): boolean =>
  form.predicate === null && index.deferrable === null && index.plainOrder && isExact(index, form)

const isExact = (index: PostgresIndex, form: UniqueForm): boolean =>
  keeps(index, form) && index.nullsNotDistinct === form.nullsNotDistinct

/**
 * What there is of a form: all of it; an index that a constraint can be made of; nothing; or something else under its
 * name, which another index takes over.
 */
export function standing(form: UniqueForm, present: readonly PostgresIndex[]): 'kept' | 'attach' | 'build' | 'replace' {
  const named = present.find(({ name }) => name === form.name)
  if (!named?.valid) return 'build'
  if (isExact(named, form) && (form.predicate !== null || named.deferrable === true)) return 'kept'
  return isAttachable(named, form) ? 'attach' : 'replace'
}
