import type { Flag } from '../control/flag.ts'
import { type FlagsInForce, flagsInForce } from '../control/flags-in-force.ts'
import { checkTogether } from '../control/groups.ts'
import type { Entity } from '../entity/entity.ts'
import type { Stores } from '../routing/routing.ts'
import { saySilent } from './from-either.ts'

/** What the stores that answer know; says which does not. @throws where neither does. */
export async function allKnown(stores: Stores): Promise<FlagsInForce> {
  const known = await flagsInForce(stores)
  saySilent(known.silent)
  return known
}

/** The flags in force, by the types that go by them, as far as the stores that answer know. @throws where neither does. */
export const knownFlags = async (stores: Stores): Promise<ReadonlyMap<string, Flag>> => (await allKnown(stores)).byType

/** A command must not change, or copy, half of what the stores keep together. @throws MISCONFIGURED, see `checkTogether`. */
export async function checkGroups(
  stores: Stores,
  entities: readonly Entity[],
  types: readonly string[] = entities.map(({ name }) => name),
): Promise<void> {
  checkTogether((await allKnown(stores)).flags, entities, types)
}
