import type { Entity } from '../entity/entity.ts'
import { ensureUnique } from '../stores/postgres/constraints.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'

/** What can only be seen when all types are there: dangling references and duplicates; then the constraints that fit. */
export async function settleConstraints(postgres: PostgresStore, entities: readonly Entity[]): Promise<void> {
  const targets = new Map(entities.map((entity) => [entity.name, entity]))
  for (const entity of entities) {
    await postgres.dataIssues.findDangling(entity, targets)
    const clean = await postgres.dataIssues.findDuplicates(entity)
    await ensureUnique(postgres.connection, entity, clean)
  }
}
