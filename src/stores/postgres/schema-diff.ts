import type { Entity } from '../../entity/entity.ts'
import { type HeldTable, tablesOf } from '../../entity/implied-tables.ts'
import { checkDrift } from './check-drift.ts'
import { checkDefinition, checksOf, createCalled } from './checks.ts'
import { columnDrift, columnsOf, type Difference } from './column-drift.ts'
import type { PostgresConnection } from './connection.ts'
import { createIndexes, createTable } from './ddl.ts'
import { indexDrift } from './index-drift.ts'
import { supersededTriggers, triggerDrift } from './trigger-drift.ts'
import { createTrigger, triggersOf } from './triggers.ts'

/** One place where the database does not fit the mapping, and the statement that mends it, where one does. */
export interface Drift extends Difference {
  readonly table: string
}

async function tableDrift(connection: PostgresConnection, held: HeldTable): Promise<readonly Difference[]> {
  const { table, types } = held
  const present = await columnsOf(connection, table.name)
  if (present.length === 0) {
    const checks = types.flatMap((entity) => checksOf(entity, table))
    return [
      ...checks.flatMap(createCalled),
      { problem: 'table is missing', statement: createTable(table, checks.map(checkDefinition)) },
      ...createIndexes(table).map((statement) => ({ problem: 'index is missing', statement })),
      ...types.flatMap((entity) =>
        triggersOf(entity, table).map((trigger) => ({
          problem: `trigger ${trigger.name} is missing`,
          statement: createTrigger(table, trigger),
        })),
      ),
    ]
  }
  const triggers = types.flatMap((entity) => [
    triggerDrift(connection, entity, table),
    supersededTriggers(connection, entity, table),
  ])
  return [
    ...columnDrift(table, present),
    ...(await indexDrift(connection, table)),
    ...(await checkDrift(connection, held)),
    ...(await Promise.all(triggers)).flat(),
  ]
}

/**
 * Where the database differs from what the mappings imply; empty where it fits.
 *
 * @param entities of those that share a table, some will do where it is only asked whether it fits them.
 */
export async function schemaDrift(connection: PostgresConnection, entities: readonly Entity[]): Promise<Drift[]> {
  const drift: Drift[] = []
  for (const held of tablesOf(entities)) {
    const found = await tableDrift(connection, held)
    drift.push(...found.map((difference) => ({ table: held.table.name, ...difference })))
  }
  return drift
}
