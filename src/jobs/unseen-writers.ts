import type { Entity } from '../entity/entity.ts'
import { beginCapture, type Followed } from '../mirror/captured.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'
import { withoutTriggers } from '../stores/postgres/trigger-drift.ts'
import type { Origin } from '../util/origin.ts'

const who = 'scripts, other services, instances of the app that do not run Crossfade yet'

/** Why what writes to a store, and is no gateway, would not be seen there; null where it is. */
export async function unseenWriters(
  { mongo, postgres }: { readonly mongo: Followed; readonly postgres: PostgresStore },
  entity: Entity,
  origin: Origin,
): Promise<string | null> {
  if (origin === 'postgres') return untriggeredBy(postgres, entity)
  const why = await beginCapture(mongo, entity)
  if (why === null) return null
  return `nothing sees what else writes to MongoDB (${who}, TTL indexes), since ${why}, and PostgreSQL would lack it`
}

async function untriggeredBy({ connection }: PostgresStore, entity: Entity): Promise<string | null> {
  const tables = await withoutTriggers(connection, entity)
  if (tables.length === 0) return null
  const remedy = '`crossfade migrate new NAME` writes the migration that makes them'
  return `triggers are missing on ${tables.join(', ')}, so that nothing sees what else writes to PostgreSQL (${who}), and MongoDB would lack it: ${remedy}`
}

/** A line for each type that has tables where nothing sees what is no gateway. */
export async function untriggered(
  stores: { readonly postgres: PostgresStore },
  entities: readonly Entity[],
): Promise<string[]> {
  const reasons = await Promise.all(
    entities.map(async (entity) => [entity.name, await untriggeredBy(stores.postgres, entity)] as const),
  )
  return reasons.flatMap(([type, why]) => (why === null ? [] : [`${type}: ${why}.`]))
}
