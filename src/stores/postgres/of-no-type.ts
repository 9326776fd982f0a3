import { sql } from 'kysely'
import type { Entity } from '../../entity/entity.ts'
import { columnsOf } from './column-drift.ts'
import type { PostgresConnection } from './connection.ts'
import { isOfType, wholeTable } from './of-type.ts'

/** What is counted at most. */
const most = 100_000

/** A table that is not there, or lacks what tells its types apart, has none: `migrate diff` speaks of that. */
async function hasColumns(connection: PostgresConnection, types: readonly Entity[]): Promise<boolean> {
  const present = new Set((await columnsOf(connection, types[0]!.postgres)).map(({ name }) => name))
  return types.every(({ fixed, leaves }) => [...fixed.keys()].every((path) => present.has(leaves.get(path)!.column)))
}

/** A line for each table of types with a `where` that holds rows of none of them: nobody reads or copies these. */
export async function rowsOfNoType(connection: PostgresConnection, entities: readonly Entity[]): Promise<string[]> {
  const tables = Map.groupBy(
    entities.filter(({ fixed }) => fixed.size > 0),
    ({ postgres }) => postgres,
  )
  const lines: string[] = []
  for (const [name, types] of tables) {
    if (!(await hasColumns(connection, types))) continue
    const ofOne = sql.join(types.map(isOfType), sql` or `)
    const [found] = await connection.run<{ n: number }>(
      sql`select count(*)::int as n from (
            select from ${wholeTable(types[0]!)} where (${ofOne}) is not true limit ${most}::int) r`,
    )
    const { n } = found!
    if (n === 0) continue
    const many = n >= most ? `at least ${n}` : n
    const names = types.map((type) => type.name).join(', ')
    lines.push(
      `The table ${name} holds ${many} rows that are no ${names} by the \`where\` of the mapping: nobody reads them.`,
    )
  }
  return lines
}
