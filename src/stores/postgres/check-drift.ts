import { sql } from 'kysely'
import type { Entity } from '../../entity/entity.ts'
import type { HeldTable, ImpliedColumn, ImpliedTable } from '../../entity/implied-tables.ts'
import { type Check, calledName, checkDefinition, checksOf, createCalled, isOurs, stemFor, stemOf } from './checks.ts'
import type { Difference } from './column-drift.ts'
import type { PostgresConnection } from './connection.ts'
import { quote, textLiteral, typedColumn } from './ddl.ts'

interface Found {
  readonly name: string
  /** As PostgreSQL writes it, with the body of what is called by it alone. */
  readonly definition: string
  /** Name of that; null where there is none. */
  readonly called: string | null
  /** Rows that were there before hold it as well. */
  readonly validated: boolean
}

const found = (connection: PostgresConnection, { name }: ImpliedTable): Promise<readonly Found[]> =>
  connection.run<Found>(
    sql`select c.conname as name, concat(pg_get_constraintdef(c.oid), p.prosrc) as definition, p.proname as called,
               c.convalidated as validated
        from pg_constraint c left join lateral (
          select p.proname, p.prosrc from pg_depend d join pg_proc p on p.oid = d.refobjid and p.proname ~ ${calledName}
          where d.classid = 'pg_constraint'::regclass and d.objid = c.oid and d.refclassid = 'pg_proc'::regclass) p on true
        where c.conrelid = to_regclass(${quote(name)}) and c.contype = 'c' order by c.conname`,
  )

const alter = ({ name }: ImpliedTable): string => `alter table ${quote(name)}`

/** What a check says of texts and members, which a mapping may come to have more of. */
const namedIn = ({ values, members }: ImpliedColumn): string[] => [
  ...(values ?? []).map(textLiteral),
  ...(members ?? []).flatMap((member) => [typedColumn(member), ...namedIn(member)]),
]

/** Whether a check lets pass all that a column of a mapping may hold: it is of one that has grown since. */
function isWider({ definition }: Found, column: ImpliedColumn): boolean {
  const named = namedIn(column)
  return named.length > 0 && named.every((text) => definition.includes(text))
}

/** One that is narrower refuses what is mirrored. The others do no harm: so it is while gateways are replaced one by one. */
function superseded(entity: Entity, table: ImpliedTable, check: Found): Difference[] {
  const column = table.columns.find(({ name }) => stemFor(entity, name) === stemOf(entity, check.name))
  const works = !column || isWider(check, column) ? ({ works: true } as const) : {}
  const of = 'is of another mapping'
  const drop = `${alter(table)} drop constraint ${quote(check.name)}`
  const own = { problem: `check ${check.name} ${of}`, statement: drop, ...works }
  if (check.called === null) return [own]
  const statement = `drop function crossfade.${check.called}(json)`
  return [own, { problem: `function ${check.called} ${of}`, statement, ...works }]
}

/** Checks of others: they may refuse what MongoDB has. */
const foreign = (table: ImpliedTable, all: readonly Found[]): Difference[] =>
  all
    .filter(({ name }) => !isOurs(name))
    .map(({ name, definition }) => ({
      problem: `check ${name} is not of the mapping: records that do not hold it are refused (${definition})`,
      statement: `${alter(table)} drop constraint ${quote(name)}`,
      works: true,
    }))

const validation = (table: ImpliedTable, { name }: Check): string =>
  `${alter(table)} validate constraint ${quote(name)}`

/** Checks of a type that its rows have not been looked at for, with the statement that does. */
export async function unvalidated(
  connection: PostgresConnection,
  entity: Entity,
  table: ImpliedTable,
): Promise<readonly { readonly check: Check; readonly statement: string }[]> {
  const present = new Map((await found(connection, table)).map((each) => [each.name, each]))
  return checksOf(entity, table)
    .filter(({ name }) => present.get(name)?.validated === false)
    .map((check) => ({ check, statement: validation(table, check) }))
}

function ofType(entity: Entity, table: ImpliedTable, all: readonly Found[]): Difference[] {
  const present = new Map(all.map((each) => [each.name, each]))
  const wanted = checksOf(entity, table)
  const names = new Set(wanted.map(({ name }) => name))
  const old = all.filter(({ name }) => !names.has(name) && stemOf(entity, name) !== null)
  const missing = wanted.flatMap((check): Difference[] => {
    const { name, column } = check
    const is = present.get(name)
    if (is?.validated) return []
    if (is) {
      const problem = `check ${name} may not be held by rows that were there before it`
      return [{ problem, statement: validation(table, check), works: true }]
    }
    const problem = `check ${name} is missing: other programs may write to ${column.name} what its field cannot be`
    const statement = `${alter(table)} add ${checkDefinition(check)} not valid`
    return [...createCalled(check), { problem, statement, works: true }]
  })
  return [...old.flatMap((check) => superseded(entity, table, check)), ...missing]
}

/**
 * Where the checks of a table that is there are not those of its types. New ones are held by what is written from then on:
 * `validateChecks` looks at the rows that are there.
 */
export async function checkDrift(
  connection: PostgresConnection,
  { table, types }: HeldTable,
): Promise<readonly Difference[]> {
  const all = await found(connection, table)
  return [...types.flatMap((entity) => ofType(entity, table, all)), ...foreign(table, all)]
}
