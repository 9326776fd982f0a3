import type { Entity } from '../../entity/entity.ts'
import type { MongoConnection } from './connection.ts'
import { mongoIndexes } from './indexes.ts'
import { uniqueKeys } from './unique-keys.ts'

/** See `Store.keepsUnique`. */
export async function keepsUnique(
  connection: MongoConnection,
  entity: Entity,
  paths: ReadonlySet<string>,
): Promise<boolean> {
  const indexes = (await mongoIndexes(connection, entity)).filter(({ unique }) => unique)
  // Of the mapping alone nothing is asked: what it promises may not be kept
  const ofIndexes = indexes.flatMap((index) => {
    const { keys } = uniqueKeys(entity, [index])
    return keys.filter(({ because }) => because === `MongoDB's index ${index.name}`)
  })
  return ofIndexes.some(
    ({ leaves, among }) =>
      leaves.length === paths.size &&
      leaves.every(({ path }) => paths.has(path)) &&
      among.every((each) => each.op === 'present'),
  )
}
