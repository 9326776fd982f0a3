import { initialFlag } from './flag.ts'
import { type Ledgers, raiseFlag, readCopies } from './flag-store.ts'

/**
 * Makes the flags of types that have none, in both stores; both must be reachable, so that a store that is merely down
 * is not taken for one that never had flags. Returns the types whose flags are new.
 */
export async function prepareFlags(ledgers: Ledgers, types: readonly string[]): Promise<string[]> {
  const made: string[] = []
  for (const type of types) {
    const { flag: known } = await readCopies(ledgers, type)
    const flag = known ?? initialFlag(type)
    await raiseFlag(ledgers.mongo, flag)
    await raiseFlag(ledgers.postgres, flag)
    if (!known) made.push(type)
  }
  return made
}
