import type { Entity } from '../entity/entity.ts'
import { mongoIndexes } from '../stores/mongo/indexes.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import { uniqueKeys } from '../stores/mongo/unique-keys.ts'
import { type EnsureOptions, ensureUnique } from '../stores/postgres/constraints.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'
import type { UniqueKey } from '../stores/unique-key.ts'

/** Looks for dangling references and duplicates anew. @returns the unique keys that stand in no record's way. */
export async function findIssues(
  { mongo, postgres }: { readonly mongo: MongoStore; readonly postgres: PostgresStore },
  entity: Entity,
  entities: readonly Entity[],
): Promise<readonly UniqueKey[]> {
  await postgres.dataIssues.findDangling(entity, new Map(entities.map((each) => [each.name, each])))
  const { keys } = uniqueKeys(entity, await mongoIndexes(mongo.connection, entity))
  return postgres.dataIssues.findDuplicates(entity, keys)
}

/**
 * What can only be seen when all types are there: dangling references and duplicates; then the unique keys of MongoDB's
 * indexes and of the mappings, where no duplicates stand in their way. Duplicates stay as data issues.
 *
 * @param entities types whose tables are filled.
 */
export async function ensureConstraints(
  stores: { readonly mongo: MongoStore; readonly postgres: PostgresStore },
  entities: readonly Entity[],
  options: EnsureOptions = {},
): Promise<void> {
  for (const entity of entities) {
    const clean = await findIssues(stores, entity, entities)
    const problems = await ensureUnique(stores.postgres.connection, entity, clean, options)
    for (const problem of problems) options.log?.(`${entity.name}: ${problem}. Run backfill again.`)
  }
}
