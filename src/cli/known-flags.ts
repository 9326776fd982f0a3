import type { Flag } from '../control/flag.ts'
import { authorityOf, flagsIn, newestFlags } from '../control/flag-store.ts'
import { disagreements, flagsByType } from '../control/groups.ts'
import { isOlder } from '../control/lost-flag.ts'
import type { Entity } from '../entity/entity.ts'
import type { Stores } from '../routing/routing.ts'
import { CrossfadeError } from '../util/errors.ts'
import { fromEither } from './from-either.ts'

/** The copies of the flags in each store that answers. @throws where neither does. */
const copiesOf = (stores: Stores) =>
  fromEither(stores, async ({ origin, ledger }) => ({ origin, flags: await flagsIn(ledger) }))

/** Every flag, as far as the stores that answer know it. @throws where neither does. */
async function flagsOf(stores: Stores): Promise<Flag[]> {
  return newestFlags((await copiesOf(stores)).flatMap(({ flags }) => flags))
}

/** The flags in force, by the types that go by them, as far as the stores that answer know. @throws where neither does. */
export const knownFlags = async (stores: Stores): Promise<ReadonlyMap<string, Flag>> =>
  flagsByType(await flagsOf(stores))

/**
 * The same, and those that the store with authority does not confirm, as far as it answers: it was restored, or lost them.
 *
 * @throws where neither answers.
 */
export async function knownAndLost(stores: Stores): Promise<{ known: ReadonlyMap<string, Flag>; lost: Flag[] }> {
  const copies = await copiesOf(stores)
  const newest = newestFlags(copies.flatMap(({ flags }) => flags))
  const lost = newest.filter((flag) => {
    const home = copies.find(({ origin }) => origin === authorityOf(flag))
    const own = home?.flags.find(({ type }) => type === flag.type) ?? null
    return flag.state === 'steady' && home !== undefined && isOlder(own, flag)
  })
  return { known: flagsByType(newest), lost }
}

/**
 * A command must not change, or copy, half of what the stores keep together.
 *
 * @throws MISCONFIGURED with a line for each of the types of which mapping and stores say otherwise what they move with.
 */
export async function checkGroups(
  stores: Stores,
  entities: readonly Entity[],
  types: readonly string[] = entities.map(({ name }) => name),
): Promise<void> {
  const lines = disagreements(await flagsOf(stores), entities)
  const own = types.flatMap((type) => lines.get(type) ?? [])
  if (own.length > 0) throw new CrossfadeError('MISCONFIGURED', own.join('\n'))
}
