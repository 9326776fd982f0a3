import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { times } from '../control/times.ts'
import { type Ledger, parseAs } from '../stores/ledger.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Json } from '../util/json.ts'

const kind = 'capture'
const key = 'mongo'

/** How far the changes of other programs were followed, as MongoDB's own ledger keeps it. */
export interface Captured {
  /** Where the stream goes on; null where it begins at the present. */
  readonly place: Json
  /** Revision of the marker that was passed last; 0 where none was. */
  readonly marker: number
  /** When changes were lost last, that nobody has followed; null where none were. */
  readonly lostAt: string | null
}

const form: z.ZodType<Captured> = z.object({
  place: z.json(),
  marker: z.int(),
  lostAt: z.string().nullable(),
})

export const nothingCaptured: Captured = { place: null, marker: 0, lostAt: null }

export interface Known extends Captured {
  /** For compare-and-set; null where nothing was kept yet. */
  readonly revision: number | null
  /** Since it was kept, in milliseconds by the store's clock. */
  readonly ageMs: number
}

export async function captured(ledger: Ledger): Promise<Known> {
  const entry = (await ledger.list(kind)).find((each) => each.key === key)
  const kept = entry && parseAs(form, entry.value)
  return { ...(kept ?? nothingCaptured), revision: entry?.revision ?? null, ageMs: entry?.ageMs ?? Infinity }
}

/** @returns false where another instance follows them by now. */
export const keepCaptured = (ledger: Ledger, revision: number | null, now: Captured): Promise<boolean> =>
  ledger.compareAndSet(kind, key, revision, { ...now })

/** Whether an instance follows them, and none were lost. */
export const isFollowed = ({ ageMs, place }: Known): boolean => place !== null && ageMs < times.claim

/** An entry that a move writes: whoever follows the changes sees it among them. */
export const marker = ['capture-marker', key] as const

/** @returns its revision. */
async function setMarker(ledger: Ledger): Promise<number> {
  for (;;) {
    const { revision = null } = (await ledger.get(...marker)) ?? {}
    if (await ledger.compareAndSet(...marker, revision, null)) return (revision ?? 0) + 1
  }
}

const pauseMs = 20

/**
 * Waits until everything that was changed before now has been seen, and marked as owed. At once where nobody follows.
 *
 * @throws TRY_AGAIN where whoever follows does not get so far in time.
 */
export async function caughtUp(ledger: Ledger, patienceMs: number): Promise<void> {
  if (!isFollowed(await captured(ledger))) return
  const set = await setMarker(ledger)
  for (const until = performance.now() + patienceMs; performance.now() < until; await sleep(pauseMs)) {
    const known = parseAs(form, (await ledger.get(kind, key))?.value)
    if (known && known.marker >= set) return
  }
  throw new CrossfadeError('TRY_AGAIN', 'What other programs change in MongoDB is not followed to its end: try again.')
}
