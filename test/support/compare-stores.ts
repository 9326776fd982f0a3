import { differences } from '../../src/compare/differences.ts'
import type { Entity, Id } from '../../src/entity/entity.ts'
import { allFields } from '../../src/entity/field-set.ts'
import type { Stores } from '../../src/routing/routing.ts'
import type { Image } from '../../src/stores/store.ts'
import { formatVersion } from '../../src/stores/version.ts'

async function all(stores: Stores, origin: 'mongo' | 'postgres', entity: Entity): Promise<Map<Id, Image>> {
  const images = new Map<Id, Image>()
  for await (const lot of stores[origin].reader.stream(entity, { after: null, limit: 500 }))
    for (const image of lot.images) images.set(image.id, image)
  return images
}

/** Every way in which the two stores' records of an entity differ, in words; and how many records were compared. */
export async function compareStores(
  stores: Stores,
  entity: Entity,
): Promise<{ compared: number; different: string[] }> {
  const [mongo, postgres] = await Promise.all([all(stores, 'mongo', entity), all(stores, 'postgres', entity)])
  const different: string[] = []
  for (const [id, image] of mongo) {
    const other = postgres.get(id)
    if (!other) different.push(`${entity.name} ${id} is missing in postgres`)
    else {
      const paths = differences(allFields(entity), image.record!, other.record!).map(({ path }) => path)
      if (paths.length > 0) different.push(`${entity.name} ${id} differs in ${paths.join(', ')}`)
      const versions = [formatVersion(image.version), formatVersion(other.version)]
      if (versions[0] !== versions[1]) different.push(`${entity.name} ${id} is at ${versions.join(' and ')}`)
    }
  }
  for (const id of postgres.keys()) if (!mongo.has(id)) different.push(`${entity.name} ${id} is only in postgres`)
  return { compared: mongo.size, different }
}
