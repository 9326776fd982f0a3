import type { Flag } from '../control/flag.ts'
import { newer, readFlag } from '../control/flag-store.ts'
import type { Stores } from '../routing/routing.ts'
import { fromEither } from './from-either.ts'

/** The flags in force by type, as far as the stores that answer know them. @throws where neither answers. */
export async function knownFlags(stores: Stores, types: readonly string[]): Promise<Map<string, Flag>> {
  const copies = await fromEither(stores, ({ ledger }) => Promise.all(types.map((type) => readFlag(ledger, type))))
  const known = new Map<string, Flag>()
  for (const stored of copies.flat()) {
    if (stored) known.set(stored.flag.type, newer(known.get(stored.flag.type) ?? null, stored.flag)!)
  }
  return known
}
