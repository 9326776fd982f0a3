import type { Entity } from '../../entity/entity.ts'
import type { KeyCondition } from '../unique-key.ts'
import type { MongoConnection } from './connection.ts'
import { mongoIndexes } from './indexes.ts'
import { uniqueKeys } from './unique-keys.ts'

/** See `Store.keepsUnique`. Keys of several fields are of indexes alone: the mapping promises none. */
export async function keepsUnique(
  connection: MongoConnection,
  entity: Entity,
  paths: ReadonlySet<string>,
): Promise<boolean> {
  // Of a record in which none of the fields is null
  const isMet = (each: KeyCondition): boolean =>
    each.op === 'present' && each.leaves.some(({ path }) => paths.has(path))
  const { keys } = uniqueKeys(entity, await mongoIndexes(connection, entity))
  return keys.some(
    ({ leaves, among }) =>
      leaves.length === paths.size && leaves.every(({ path }) => paths.has(path)) && among.every(isMet),
  )
}
