import { told } from '../../gateway/told.ts'
import { CrossfadeError } from '../../util/errors.ts'

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

/** What a prefix names. @throws BAD_USER_INPUT where it names none, or more than one. */
export function named<T>(found: T | null, prefix: string, which = 'group', list = 'list'): T {
  if (found !== null) return found
  throw new CrossfadeError(
    'BAD_USER_INPUT',
    `No one ${which} begins with ${prefix}; see \`crossfade mismatches ${list}\`.`,
  )
}
