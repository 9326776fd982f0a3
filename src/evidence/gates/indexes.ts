import type { Gate } from '../gate.ts'
import { missingIndexes } from '../index-parity.ts'

/** Those that there is no statement for are told by `doctor`, and stand in nobody's way; duplicates are data issues. */
export const indexes: Gate = async ({ stores, entity, orders, settings }) => {
  if (!settings.indexes) return null
  const missing = (await missingIndexes(stores, entity, orders)).filter(
    ({ statement, blocked }) => statement !== null && !blocked,
  )
  const [first] = missing
  if (!first) return { met: true, found: 'PostgreSQL has an index for each of MongoDB and of the contract' }
  const some = missing.length === 1 ? 'an index is' : `${missing.length} indexes are`
  const found = `${some} missing in PostgreSQL, as for ${first.because}`
  return { met: false, found, remedy: 'run what `crossfade doctor` prints' }
}
