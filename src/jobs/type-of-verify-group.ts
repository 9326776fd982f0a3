import type { Ledgers } from '../control/flag-store.ts'
import type { Entity } from '../entity/entity.ts'
import { origins } from '../util/origin.ts'
import { groupOf } from './differences-found.ts'
import { lastDifferences } from './verify.ts'

/** The type whose last verification has a group that begins so, as far as stores tell; null where there is none. */
export async function typeOfVerifyGroup(
  ledgers: Ledgers,
  entities: readonly Entity[],
  name: string,
): Promise<string | null> {
  for (const entity of entities)
    for (const origin of origins) {
      const last = await lastDifferences(ledgers[origin], entity).catch(() => null)
      if (last?.differences.some((found) => groupOf(entity, found).startsWith(name))) return entity.name
    }
  return null
}
