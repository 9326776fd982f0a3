import { ledgersOf } from '../control/flag-store.ts'
import { checkFormat, checkFormats } from '../control/format.ts'
import { guardWrites } from '../routing/guard-writes.ts'
import { say } from './output.ts'
import { openSession, type Session } from './session.ts'

/**
 * Runs a command between opening the stores and letting them go.
 *
 * @throws MISCONFIGURED where a store's bookkeeping is of a newer version, before the command or any write of it.
 */
export async function withSession<T>(config: string | undefined, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await openSession(config, say)
  const ledgers = ledgersOf(session.stores)
  try {
    await checkFormats(ledgers)
    const stores = guardWrites(session.stores, (origin) => checkFormat(ledgers[origin], origin))
    return await work({ ...session, stores })
  } finally {
    await session.close()
  }
}
