import { createHash } from 'node:crypto'
import type { Entity, Scope } from '../entity/entity.ts'
import { adoptRest } from '../stores/postgres/adopt-rest.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'

const kind = 'mapping'

function placesOf({ leaves, embeds, lists }: Scope): string[] {
  const inner = [...lists.values()].flatMap((list) => placesOf(list).map((place) => `${list.mongo}.${place}`))
  return [...leaves.values(), ...embeds.values(), ...lists.values()].map(({ mongo }) => mongo).concat(inner)
}

/** Equal for mappings that name the same paths of the document. */
const fingerprintOf = (entity: Entity): string =>
  createHash('sha256').update(placesOf(entity).sort().join('\0')).digest('hex').slice(0, 16)

/** Types whose rows may keep as unmapped what the mapping names by now. */
export async function unadopted({ ledger }: PostgresStore, entities: readonly Entity[]): Promise<readonly Entity[]> {
  const known = new Map((await ledger.list(kind)).map(({ key, value }) => [key, value]))
  return entities.filter((entity) => known.get(entity.name) !== fingerprintOf(entity))
}

/**
 * Takes what a mapping has come to name out of what its rows kept as unmapped; of mappings that have grown since.
 *
 * @returns how many records had such values, by type.
 */
export async function adoptMappings(
  postgres: PostgresStore,
  entities: readonly Entity[],
): Promise<ReadonlyMap<string, number>> {
  const adopted = new Map<string, number>()
  for (const entity of await unadopted(postgres, entities)) {
    adopted.set(entity.name, await adoptRest(postgres.connection, entity))
    const entry = await postgres.ledger.get(kind, entity.name)
    await postgres.ledger.compareAndSet(kind, entity.name, entry?.revision ?? null, fingerprintOf(entity))
  }
  return adopted
}
