import type { Entity } from '../entity/entity.ts'
import type { Stores } from '../routing/routing.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { knownFlags } from './known-flags.ts'

/**
 * Types whose table holds their records by now. A unique key on a table that is to be filled would keep duplicates out of
 * it, and what refers to its records would seem to lead nowhere.
 */
export async function filledTypes(stores: Stores, entities: readonly Entity[]): Promise<readonly Entity[]> {
  const flags = await knownFlags(stores)
  return entities.filter(({ name }) => {
    const flag = flags.get(name)
    if (!flag) return false
    return STAGE_PLAN[flag.stage].authority === 'postgres' || flag.fresh !== null || flag.copied.includes(name)
  })
}
