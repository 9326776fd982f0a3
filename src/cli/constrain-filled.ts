import type { Entity } from '../entity/entity.ts'
import { ensureConstraints } from '../jobs/ensure-constraints.ts'
import type { Stores } from '../routing/routing.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { unlessAborted } from '../util/aborted.ts'
import { knownFlags } from './known-flags.ts'
import { say } from './output.ts'

/**
 * Types whose table holds their records by now. A unique key on a table that is to be filled would keep duplicates out of
 * it, and what refers to its records would seem to lead nowhere.
 */
async function filledTypes(stores: Stores, entities: readonly Entity[]): Promise<readonly Entity[]> {
  const flags = await knownFlags(stores)
  return entities.filter(({ name }) => {
    const flag = flags.get(name)
    if (!flag) return false
    return STAGE_PLAN[flag.stage].authority === 'postgres' || flag.fresh !== null || flag.copied.includes(name)
  })
}

/** Finds references that lead nowhere, and makes unique keys, of all types that are filled. @throws the reason of the signal. */
export function constrainFilled(stores: Stores, entities: readonly Entity[], signal: AbortSignal): Promise<void> {
  const constrained = async (): Promise<void> =>
    ensureConstraints(stores, await filledTypes(stores, entities), { log: say })
  return unlessAborted(signal, constrained())
}
