import type { Flag } from '../control/flag.ts'
import { ledgersOf, readCopies } from '../control/flag-store.ts'
import { flagKeyOf } from '../entity/flag-key.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { BackfillOptions } from './backfill-options.ts'

/** The flag in force; null where there is none. @throws BAD_USER_INPUT where nothing would keep the copy as it is. */
export async function copiedFlag({ stores, entity }: Pick<BackfillOptions, 'stores' | 'entity'>): Promise<Flag | null> {
  const { flag } = await readCopies(ledgersOf(stores), flagKeyOf(entity))
  if (flag === null || STAGE_PLAN[flag.stage].mirror !== null) return flag
  const [store, next] = flag.stage === 'off' ? ['PostgreSQL', 'dualwrite'] : ['MongoDB', 'rampdown']
  const why = `writes do not reach ${store}: \`stage set\` it to ${next} first`
  throw new CrossfadeError('BAD_USER_INPUT', `${entity.name} is ${flag.stage}: ${why}.`)
}
