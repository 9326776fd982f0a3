import type { Flag } from '../control/flag.ts'
import { authorityOf, ledgersOf, readCopies } from '../control/flag-store.ts'
import { isOlder, lostFlag } from '../control/lost-flag.ts'
import { flagKeyOf } from '../entity/flag-key.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { BackfillOptions } from './backfill-options.ts'

/**
 * The flag in force; null where there is none.
 *
 * @throws BAD_USER_INPUT where nothing would keep the copy as it is; CONFLICT where the store with authority was restored to
 * an earlier stage: what it has may be older than what the copy would replace.
 */
export async function copiedFlag({ stores, entity }: Pick<BackfillOptions, 'stores' | 'entity'>): Promise<Flag | null> {
  const { copies, flag } = await readCopies(ledgersOf(stores), flagKeyOf(entity))
  if (flag?.state === 'steady' && isOlder(copies[authorityOf(flag)]?.flag ?? null, flag))
    throw new CrossfadeError('CONFLICT', lostFlag(flag))
  if (flag === null || STAGE_PLAN[flag.stage].mirror !== null) return flag
  const [store, next] = flag.stage === 'off' ? ['PostgreSQL', 'dualwrite'] : ['MongoDB', 'rampdown']
  const why = `writes do not reach ${store}: \`stage set\` it to ${next} first`
  throw new CrossfadeError('BAD_USER_INPUT', `${entity.name} is ${flag.stage}: ${why}.`)
}
