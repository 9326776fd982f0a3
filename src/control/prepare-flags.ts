import { initialFlag } from './flag.ts'
import { allFlags, type Ledgers, raiseFlag, readCopies } from './flag-store.ts'
import { flagsByType } from './groups.ts'

/**
 * Makes the flags that are missing, in both stores; both must be reachable, so that a store that is merely down is not
 * taken for one that never had flags. A group gets its flag where none of its types has one; else a type that has none
 * gets its own, since which types change together is for people to change.
 *
 * @param keys of types, or of groups.
 * @param members the types of each group.
 * @returns the keys of the flags that are new.
 */
export async function prepareFlags(
  ledgers: Ledgers,
  keys: readonly string[],
  members: ReadonlyMap<string, readonly string[]> = new Map(),
): Promise<string[]> {
  const known = flagsByType(await allFlags(ledgers))
  const made: string[] = []
  /** Both stores have it afterwards; one that only one of them has is told to the other. */
  async function prepare(key: string, types: readonly string[]): Promise<void> {
    const { flag: own } = await readCopies(ledgers, key)
    const flag = own ?? initialFlag(key, types)
    await raiseFlag(ledgers.mongo, flag)
    await raiseFlag(ledgers.postgres, flag)
    if (!own) made.push(key)
  }
  for (const key of keys) {
    const types = members.get(key) ?? [key]
    const without = types.filter((type) => !known.has(type))
    if (without.length === types.length || types.some((type) => known.get(type)?.type === key))
      await prepare(key, types)
    if (without.length < types.length) for (const type of without) await prepare(type, [type])
  }
  return made
}
