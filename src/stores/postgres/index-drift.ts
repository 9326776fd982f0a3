import { sql } from 'kysely'
import type { ImpliedTable } from '../../entity/implied-tables.ts'
import type { Difference } from './column-drift.ts'
import type { PostgresConnection } from './connection.ts'
import { createIndexes, quote } from './ddl.ts'

interface Index {
  readonly name: string
  /** As PostgreSQL writes it. */
  readonly definition: string
  readonly valid: boolean
  readonly primary: boolean
}

interface Standing {
  readonly indexes: readonly Index[]
  /** Deletes of the parent's rows take those of the table along. */
  readonly owned: boolean
  /** Written rows outlive a crash. */
  readonly logged: boolean
  /** Policies hide rows. */
  readonly policed: boolean
}

async function standingOf(connection: PostgresConnection, { name, parent }: ImpliedTable): Promise<Standing> {
  const table = sql`to_regclass(${quote(name)})`
  const [indexes, [rest]] = await Promise.all([
    connection.run<Index>(
      sql`select c.relname as name, pg_get_indexdef(i.indexrelid) as definition, i.indisvalid as valid, i.indisprimary as primary
          from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = ${table}`,
    ),
    connection.run<Omit<Standing, 'indexes'>>(
      sql`select c.relpersistence = 'p' as logged, c.relrowsecurity as policed,
            exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'f' and k.confdeltype = 'c'
                    and k.confrelid = to_regclass(${parent === null ? null : quote(parent)}::text)) as owned
          from pg_class c where c.oid = ${table}`,
    ),
  ])
  return { indexes, ...rest! }
}

/** What follows USING, in one writing: method, keys with their order and collation, predicate and all. */
const bodyOf = (definition: string): string =>
  (/ using (.*)$/is.exec(definition)?.[1] ?? `btree ${/\((.*)\)$/s.exec(definition)![0]}`)
    .replaceAll('"', '')
    .toLowerCase()

const list = (columns: readonly string[]): string => columns.map(quote).join(', ')

function primaryDrift({ name, primaryKey }: ImpliedTable, { indexes }: Standing): Difference[] {
  const found = indexes.find(({ primary }) => primary)
  if (!found) {
    const statement = `alter table ${quote(name)} add primary key (${list(primaryKey)})`
    return [{ problem: `primary key (${primaryKey.join(', ')}) is missing`, statement }]
  }
  const [is, wanted] = [bodyOf(found.definition), bodyOf(`(${list(primaryKey)})`)]
  return is === wanted ? [] : [{ problem: `primary key is ${is}, the mapping wants ${wanted}`, statement: null }]
}

async function taken(connection: PostgresConnection, name: string): Promise<boolean> {
  const [row] = await connection.run<{ taken: boolean }>(sql`select to_regclass(${quote(name)}) is not null as taken`)
  return row!.taken
}

/** Where keys and indexes of a table that is there differ from the implied ones. */
export async function indexDrift(connection: PostgresConnection, table: ImpliedTable): Promise<Difference[]> {
  const standing = await standingOf(connection, table)
  const { name, parent } = table
  const drift = primaryDrift(table, standing)
  if (parent !== null && !standing.owned) {
    const statement = `alter table ${quote(name)} add foreign key ("parent_id") references ${quote(parent)} ("id") on delete cascade`
    drift.push({ problem: `foreign key to ${parent} with on delete cascade is missing`, statement })
  }
  if (!standing.logged)
    drift.push({
      problem: 'is unlogged: a crash empties it',
      statement: `alter table ${quote(name)} set logged`,
      works: true,
    })
  if (standing.policed) {
    const statement = `alter table ${quote(name)} disable row level security`
    drift.push({ problem: 'has row level security, which may hide rows', statement })
  }
  const statements = createIndexes(table)
  for (const [at, index] of table.indexes.entries()) {
    const statement = statements[at]!
    const found = standing.indexes.find((each) => each.name === index.name)
    if (!found) {
      const other = await taken(connection, index.name)
      drift.push(
        other
          ? {
              problem: `index ${index.name} is missing, and another table or index has its name: rename that`,
              statement: null,
            }
          : { problem: `index ${index.name} is missing`, statement },
      )
      continue
    }
    const [is, wanted] = [bodyOf(found.definition), bodyOf(statement)]
    const unique = found.definition.startsWith('CREATE UNIQUE')
    if (found.valid && is === wanted && !unique) continue
    const why = found.valid
      ? `is ${unique ? 'unique, ' : ''}${is}, the mapping wants ${wanted}`
      : 'was left unfinished by its build'
    drift.push(
      { problem: `index ${index.name} ${why}`, statement: `drop index ${quote(index.name)}`, works: true },
      { problem: `index ${index.name} is to be made anew`, statement, works: true },
    )
  }
  return drift
}
