import type { Entity } from '../../entity/entity.ts'
import { impliedTables } from '../../entity/implied-tables.ts'
import { unvalidated } from './check-drift.ts'
import type { PostgresConnection } from './connection.ts'
import { failureOf } from './errors.ts'
import { withoutLimits } from './without-limits.ts'

/**
 * Looks at the rows that were there before a type's checks, which holds up neither readers nor writers.
 *
 * @returns a line for each check that a row does not hold, or that may not be looked at.
 */
export async function validateChecks(connection: PostgresConnection, entity: Entity): Promise<string[]> {
  const lines: string[] = []
  for (const table of impliedTables(entity))
    for (const { check, statement } of await unvalidated(connection, entity, table)) {
      const problem = await withoutLimits(connection, (client) => client.query(statement)).then(
        () => null,
        (error: unknown) => {
          const failure = failureOf(error)
          if (failure === 'refused') return `rows of ${table.name} do not hold the check ${check.name}`
          if (failure === 'forbidden') return `${statement} is for the owner of ${table.name}`
          throw error
        },
      )
      const remedy = `Mend them (select * from ${table.name} where (${check.expression}) is false), and run \`crossfade migrate up\` again.`
      if (problem !== null) lines.push(`${entity.name}: ${problem}. ${remedy}`)
    }
  return lines
}
