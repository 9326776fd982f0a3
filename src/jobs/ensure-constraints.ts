import type { Entity } from '../entity/entity.ts'
import { mongoIndexes } from '../stores/mongo/indexes.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import { uniqueKeys } from '../stores/mongo/unique-keys.ts'
import { type EnsureOptions, ensureUnique } from '../stores/postgres/constraints.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'

/**
 * What can only be seen when all types are there: dangling references and duplicates; then the unique keys of MongoDB's
 * indexes and of the mappings, where no duplicates stand in their way. Duplicates stay as data issues.
 *
 * @param entities types whose tables are filled.
 */
export async function ensureConstraints(
  { mongo, postgres }: { readonly mongo: MongoStore; readonly postgres: PostgresStore },
  entities: readonly Entity[],
  options: EnsureOptions = {},
): Promise<void> {
  const targets = new Map(entities.map((entity) => [entity.name, entity]))
  for (const entity of entities) {
    await postgres.dataIssues.findDangling(entity, targets)
    const { keys } = uniqueKeys(entity, await mongoIndexes(mongo.connection, entity))
    const clean = await postgres.dataIssues.findDuplicates(entity, keys)
    const problems = await ensureUnique(postgres.connection, entity, clean, options)
    for (const problem of problems) options.log?.(`${entity.name}: ${problem}. Run backfill again.`)
  }
}
