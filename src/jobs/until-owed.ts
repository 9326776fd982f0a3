import type { Flag } from '../control/flag.ts'
import { authorityOf, ledgersOf, raiseFlag } from '../control/flag-store.ts'
import { settled } from '../control/move.ts'
import { tellsOfTrouble } from '../stores/failure.ts'
import { otherOrigin } from '../util/origin.ts'
import type { BackfillOptions } from './backfill-options.ts'

type OwedOptions = Pick<BackfillOptions, 'stores' | 'entity' | 'log'>

/**
 * Whoever changed the stage may have died before each gateway owed what it writes, and before the other store knew that it
 * is a mirror, and refused what others write: a copy would miss that, and so would a verification.
 */
export async function untilOwed({ stores, entity, log }: OwedOptions, flag: Flag): Promise<void> {
  const tell = (line: string): void => log?.(`${entity.name}: ${line}`)
  const ledgers = ledgersOf(stores)
  await settled({ ledgers, isTrouble: (error) => tellsOfTrouble(stores, error), log: tell }, flag)
  await raiseFlag(ledgers[otherOrigin(authorityOf(flag))], flag)
}
