import { setTimeout as sleep } from 'node:timers/promises'
import type { AgedEntry } from '../stores/ledger.ts'
import { origins } from '../util/origin.ts'
import type { Ledgers } from './flag-store.ts'
import { instancesOf } from './instances.ts'
import { times } from './times.ts'

/**
 * Kind of the entries by which a move of authority tells beforehand that it comes: gateways look at flags more often for
 * as long, so that writes are held for a few such looks. It decides nothing, and a gateway that does not know is waited
 * for as ever. Notifications by the stores would do the same, but not through every pooler, nor on a standalone server.
 */
export const announcedKind = 'announced-move'

/** One that was left behind is too old soon. */
export const isAnnounced = (entries: readonly AgedEntry[]): boolean =>
  entries.some(({ kind, ageMs }) => kind === announcedKind && ageMs < times.announced)

/** Every gateway whose looks are answered has looked once more by then, in milliseconds. */
const noticedMs = times.flagInterval + 100

/**
 * Never rejects: without it the move takes longer.
 *
 * @returns what waits until gateways know of the move, and what takes the announcement back.
 */
export function announce(ledgers: Ledgers, type: string): { noticed: Promise<void>; takeBack(): Promise<void> } {
  const write = async (): Promise<void> => {
    const written = origins.map(async (origin) => {
      const ledger = ledgers[origin]
      if ((await instancesOf(ledger)).length === 0) return false
      const { revision = null } = (await ledger.get(announcedKind, type)) ?? {}
      return ledger.compareAndSet(announcedKind, type, revision, null)
    })
    const found = await Promise.allSettled(written)
    if (found.some((each) => each.status === 'fulfilled' && each.value)) await sleep(noticedMs)
  }
  return {
    noticed: write(),
    async takeBack() {
      await Promise.allSettled(origins.map((origin) => ledgers[origin].remove(announcedKind, type)))
    },
  }
}
