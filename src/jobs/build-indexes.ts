import type { MissingIndex } from '../evidence/index-parity.ts'
import { buildIndex } from '../stores/postgres/build-index.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'
import { messageOf } from '../util/errors.ts'

/**
 * Builds the indexes that PostgreSQL lacks, one after the other, while its tables are in use. What makes keys unique is
 * left to `backfill`, which knows the duplicates.
 *
 * @param log takes a line for each; one that cannot be built ends nothing.
 * @returns those that are there now.
 */
export async function buildIndexes(
  { connection }: PostgresStore,
  missing: readonly MissingIndex[],
  log: (line: string) => void,
): Promise<ReadonlySet<MissingIndex>> {
  const built = new Set<MissingIndex>()
  for (const each of missing) {
    const { store, type, statement } = each
    if (store !== 'postgres' || !statement || !statement.startsWith('create index concurrently ')) continue
    log(`${type}: ${statement}`)
    try {
      await buildIndex(connection, statement)
      built.add(each)
    } catch (error) {
      log(`${type}: it could not be built: ${messageOf(error)}`)
    }
  }
  return built
}
