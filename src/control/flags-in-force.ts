import { askEither, type Silent } from '../stores/ask-either.ts'
import type { Store } from '../stores/store.ts'
import type { Origin } from '../util/origin.ts'
import type { Flag } from './flag.ts'
import { authorityOf, flagsIn, newestFlags } from './flag-store.ts'
import { flagsByType } from './groups.ts'
import { isOlder } from './lost-flag.ts'

/** What the stores that answer know of flags. */
export interface FlagsInForce {
  /** The newest of each key. */
  readonly flags: readonly Flag[]
  /** The same, by the types that go by them. */
  readonly byType: ReadonlyMap<string, Flag>
  /** Those that the store with authority does not confirm, as far as it answers: it was restored, or lost them. */
  readonly lost: readonly Flag[]
  readonly silent: readonly Silent[]
}

/** @throws the error of one store where neither answers. */
export async function flagsInForce(
  stores: Readonly<Record<Origin, Pick<Store, 'origin' | 'ledger'>>>,
): Promise<FlagsInForce> {
  const { answers, silent } = await askEither(stores, async ({ origin, ledger }) => ({
    origin,
    flags: await flagsIn(ledger),
  }))
  const flags = newestFlags(answers.flatMap((copies) => copies.flags))
  const lost = flags.filter((flag) => {
    const home = answers.find(({ origin }) => origin === authorityOf(flag))
    const own = home?.flags.find(({ type }) => type === flag.type) ?? null
    return flag.state === 'steady' && home !== undefined && isOlder(own, flag)
  })
  return { flags, byType: flagsByType(flags), lost, silent }
}
