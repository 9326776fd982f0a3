import type { Document } from 'mongodb'
import type { Entity } from '../../entity/entity.ts'
import { leafAt } from '../../entity/leaf-at.ts'
import type { OrderKey } from '../../query/order.ts'
import { isClean } from './clean-paths.ts'
import { decoded } from './codec/expression.ts'
import type { MongoConnection } from './connection.ts'

/** The sort document, and the decoded order keys that must be computed first: dirty values sort as the null they are. */
export function sorting(
  connection: MongoConnection,
  entity: Entity,
  order: readonly OrderKey[],
): { computed: Document; sort: Document } {
  const computed: Document = {}
  const sort: Document = {}
  order.forEach(({ path, direction }, index) => {
    const leaf = leafAt(entity, path)
    const stored = path === 'id' || isClean(connection, entity, leaf)
    const key = stored ? leaf.mongo : `_cf_order${index}`
    if (!stored) computed[key] = decoded(leaf)
    sort[key] = direction === 'asc' ? 1 : -1
  })
  return { computed, sort }
}

/** The sort document of keys that are ordered by what is stored. */
export const sortOf = (entity: Entity, order: readonly OrderKey[]): Record<string, 1 | -1> =>
  Object.fromEntries(order.map(({ path, direction }) => [leafAt(entity, path).mongo, direction === 'asc' ? 1 : -1]))
