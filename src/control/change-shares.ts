import { otherOrigin } from '../util/origin.ts'
import type { Flag } from './flag.ts'
import { commit, current, type FinishOptions, tell } from './flag-commit.ts'
import { type Noted, note } from './flag-history.ts'
import { authorityOf } from './flag-store.ts'

/** What a gateway may change of a flag by itself: none of it alters what a write records, so that nobody waits. */
export type Shares = Partial<Pick<Flag, 'readPercent' | 'samplePercent' | 'returned' | 'desired'>>

/**
 * Changes the shares of a type by compare-and-set where it is steady, with an entry in the history. A store that is only
 * told may be down: the flag's keeper tells it later.
 *
 * @param change null where nothing is to be changed, as the flag is by now.
 * @returns the flag that is in force afterwards; null where the type is between two stages: try later.
 * @throws CONFLICT where somebody else changed it meanwhile; what the store with authority says.
 */
export async function changeShares(
  options: FinishOptions,
  type: string,
  change: (flag: Flag) => Shares | null,
  noted: Noted,
): Promise<Flag | null> {
  const { ledgers, isTrouble = () => false } = options
  const patience = { isTrouble, until: performance.now() } // whoever asks tries again
  const was = await current(ledgers, patience, type)
  if (was.state !== 'steady') return null
  const changed = change(was)
  if (!changed) return was
  const next: Flag = { ...was, ...changed, revision: was.revision + 1 }
  await commit(ledgers, patience, was, next)
  await note(options, was, next, noted)
  await tell(ledgers, patience, otherOrigin(authorityOf(next)), next).catch((error: unknown) => {
    if (!isTrouble(error)) throw error
  })
  return next
}
