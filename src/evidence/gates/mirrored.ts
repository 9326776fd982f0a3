import { authorityOf } from '../../control/flag-store.ts'
import { unmirrored } from '../../mirror/unmirrored.ts'
import type { Gate } from '../gate.ts'

/** What is owed is settled within seconds; longer than that it is stuck, in milliseconds. */
const stuckMs = 30_000

/** The other store refuses no record, and what it is owed is on its way. Cannot be switched off. */
export const mirrored: Gate = async ({ stores, entity, flag }) => {
  const from = authorityOf(flag)
  const refused = await unmirrored(stores, entity, from)
  if (refused.length > 0) return { met: false, found: refused.join('; ') }
  const { count, oldestMs } = await stores[from].control.outbox.backlog(entity)
  const found = count === 0 ? 'nothing is owed' : `${count} records are owed, for ${Math.ceil(oldestMs / 1_000)} s`
  return oldestMs <= stuckMs ? { met: true, found } : { met: false, found, remedy: 'see `crossfade mirror status`' }
}
