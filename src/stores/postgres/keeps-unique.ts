import type { Entity, Leaf } from '../../entity/entity.ts'
import type { KeyCondition, UniqueKey } from '../unique-key.ts'
import type { PostgresConnection } from './connection.ts'
import { serverVersion } from './constraints.ts'
import { type PostgresIndex, postgresIndexes } from './indexes.ts'
import { keeps, uniqueForms } from './unique-forms.ts'

/** The keys that an index on these columns may be of: among all rows, or those that lack not all of them, or not some. */
function keysOn(leaves: readonly Leaf[]): UniqueKey[] {
  const oneOfThem: KeyCondition = { op: 'present', leaves }
  const subsets: KeyCondition[][] = [[]]
  for (const leaf of leaves) for (const each of [...subsets]) subsets.push([...each, { op: 'present', leaves: [leaf] }])
  return [...subsets, [oneOfThem]].map((among) => ({ leaves, nulls: 'many', among, because: '' }))
}

/** See `Store.keepsUnique`. */
export async function keepsUnique(
  connection: PostgresConnection,
  entity: Entity,
  paths: ReadonlySet<string>,
): Promise<boolean> {
  const version = await serverVersion(connection)
  const byColumn = new Map([...entity.leaves.values()].map((leaf) => [leaf.column, leaf]))
  const isIt = (index: PostgresIndex): boolean => {
    const leaves = index.columns.map((column) => byColumn.get(column))
    if (leaves.length !== paths.size || !leaves.every((leaf) => leaf !== undefined && paths.has(leaf.path)))
      return false
    return keysOn(leaves as Leaf[]).some((key) => keeps(index, uniqueForms(entity, key, version)[0]!))
  }
  return (await postgresIndexes(connection, entity.postgres)).some(isIt)
}
