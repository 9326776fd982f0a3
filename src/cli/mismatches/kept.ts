import { ledgersOf } from '../../control/flag-store.ts'
import { told } from '../../gateway/told.ts'
import { typeOfVerifyGroup } from '../../jobs/type-of-verify-group.ts'
import { CrossfadeError } from '../../util/errors.ts'
import type { Session } from '../session.ts'

/** Findings are kept in PostgreSQL alone. @throws UNAVAILABLE that says so where it does not answer. */
export async function kept<T>(ask: Promise<T>): Promise<T> {
  try {
    return await ask
  } catch (error) {
    const line = told(error)
    if (line === null) throw error
    throw new CrossfadeError('UNAVAILABLE', `Findings are kept in PostgreSQL alone. ${line}`)
  }
}

/**
 * What a prefix names.
 *
 * @param ask for it: null where it names none, or more than one.
 * @throws BAD_USER_INPUT then; of a group of `verify` it says where that belongs.
 */
export async function named<T>(
  { config: { entities }, stores }: Session,
  ask: Promise<T | null>,
  prefix: string,
  which = 'group',
  list = 'list',
): Promise<T> {
  const found = await kept(ask)
  if (found !== null) return found
  const none = `No one ${which} begins with ${prefix}`
  const type = await typeOfVerifyGroup(ledgersOf(stores), entities, prefix)
  throw new CrossfadeError(
    'BAD_USER_INPUT',
    type === null
      ? `${none}; see \`crossfade mismatches ${list}\`.`
      : `${none}: it is one of the last verify of ${type}, whose records \`crossfade repair ${type} --group ${prefix}\` shows.`,
  )
}
