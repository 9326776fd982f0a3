import type { Entity } from '../../entity/entity.ts'
import { type ImpliedTable, impliedTables } from '../../entity/implied-tables.ts'
import { columnDrift, columnsOf, type Difference } from './column-drift.ts'
import type { PostgresConnection } from './connection.ts'
import { createIndexes, createTable } from './ddl.ts'
import { indexDrift } from './index-drift.ts'
import { triggerDrift } from './trigger-drift.ts'
import { createTrigger, triggersOf } from './triggers.ts'

/** One place where the database does not fit the mapping, and the statement that mends it, where one does. */
export interface Drift extends Difference {
  readonly table: string
}

async function tableDrift(
  connection: PostgresConnection,
  entity: Entity,
  table: ImpliedTable,
): Promise<readonly Difference[]> {
  const present = await columnsOf(connection, table.name)
  if (present.length === 0) {
    return [
      { problem: 'table is missing', statement: createTable(table) },
      ...createIndexes(table).map((statement) => ({ problem: 'index is missing', statement })),
      ...triggersOf(entity, table).map((trigger) => ({
        problem: `trigger ${trigger.name} is missing`,
        statement: createTrigger(table, trigger),
      })),
    ]
  }
  return [
    ...columnDrift(table, present),
    ...(await indexDrift(connection, table)),
    ...(await triggerDrift(connection, entity, table)),
  ]
}

/** Where the database differs from what the mappings imply; empty where it fits. */
export async function schemaDrift(connection: PostgresConnection, entities: readonly Entity[]): Promise<Drift[]> {
  const drift: Drift[] = []
  for (const entity of entities) {
    for (const table of impliedTables(entity)) {
      const found = await tableDrift(connection, entity, table)
      drift.push(...found.map((difference) => ({ table: table.name, ...difference })))
    }
  }
  return drift
}
