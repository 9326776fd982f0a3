import { sql } from 'kysely'
import type { Entity } from '../../entity/entity.ts'
import type { PostgresConnection } from './connection.ts'
import { quote } from './ddl.ts'

/**
 * Makes the unique constraints of fields that hold no duplicates; returns the names that are in force. Deferrable, so
 * that the mirror can exchange two records' values in one transaction.
 */
export async function ensureUnique(
  connection: PostgresConnection,
  entity: Entity,
  clean: ReadonlyMap<string, boolean>,
): Promise<string[]> {
  const inForce: string[] = []
  for (const leaf of entity.leaves.values()) {
    if (!leaf.unique || clean.get(leaf.path) !== true) continue
    const name = `${entity.postgres}_${leaf.column}_key`
    const there = await connection.run(
      sql`select from pg_constraint where conname = ${name} and conrelid = to_regclass(${quote(entity.postgres)})`,
    )
    if (there.length === 0) {
      await connection.run(
        sql`alter table ${sql.id(entity.postgres)} add constraint ${sql.id(name)}
            unique (${sql.id(leaf.column)}) deferrable initially immediate`,
      )
    }
    inForce.push(name)
  }
  return inForce
}
