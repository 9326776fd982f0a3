import type { Ledger } from '../stores/ledger.ts'
import { conflictLog } from './conflicts.ts'
import { closedKind } from './kept-conflicts.ts'

/**
 * Removes copies that were replaced longer ago than so many milliseconds, `limit` of them at most, whether somebody has
 * closed them or not; behind the last of them what was said of those. @returns how many.
 */
export async function expireConflicts(ledger: Ledger, olderThanMs: number, limit: number): Promise<number> {
  const removed = await ledger.expire(conflictLog, olderThanMs, limit)
  if (removed === limit) return removed
  // A conflict is closed after it was kept, and would be open again without this
  for (const { kind, key, ageMs, revision } of await ledger.list(closedKind))
    if (ageMs > olderThanMs) await ledger.remove(kind, key, revision)
  return removed
}
