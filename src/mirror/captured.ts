import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Entity } from '../entity/entity.ts'
import type { ForeignChanges } from '../stores/foreign-changes.ts'
import { type Ledger, parseAs } from '../stores/ledger.ts'
import type { Store } from '../stores/store.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Json } from '../util/json.ts'

/** The store whose other writers are followed by what it tells of them. */
export type Followed = Store & { readonly foreignChanges: ForeignChanges }

const entry = ['capture', 'mongo'] as const

/** How far the changes of other programs were followed, as the store's own ledger keeps it. */
export interface Captured {
  /** Where the stream goes on; null where it begins at the present. */
  readonly place: Json
  /** Revision of the marker that was passed last; 0 where none was. */
  readonly marker: number
  /** When changes were lost last, that nobody has followed; null where none were. */
  readonly lostAt: string | null
}

const form: z.ZodType<Captured> = z.object({ place: z.json(), marker: z.int(), lostAt: z.string().nullable() })

export interface Known extends Captured {
  /** For compare-and-set; null where nothing was kept yet. */
  readonly revision: number | null
}

export async function captured(ledger: Ledger): Promise<Known> {
  const found = await ledger.get(...entry)
  const kept = found && parseAs(form, found.value)
  return { ...(kept ?? { place: null, marker: 0, lostAt: null }), revision: found?.revision ?? null }
}

/** @returns false where another instance follows them by now. */
export const keepCaptured = (
  ledger: Ledger,
  revision: number | null,
  { place, marker, lostAt }: Captured,
): Promise<boolean> => ledger.compareAndSet(...entry, revision, { place, marker, lostAt })

/**
 * Whoever follows next is to begin at the present at the latest, though nobody may be there who follows yet.
 *
 * @returns why no changes can be followed; null where they can.
 */
export async function beginCapture(
  { ledger, foreignChanges }: Followed,
  entities: readonly Entity[],
): Promise<string | null> {
  const known = await captured(ledger)
  if (known.place !== null) return null
  const stream = foreignChanges.follow(entities, marker, null)
  try {
    const { place } = await stream.next()
    await keepCaptured(ledger, known.revision, { ...known, place }) // or somebody else has begun
    return null
  } catch (error) {
    const why = foreignChanges.whyImpossible(error)
    if (why === null) throw error
    return why
  } finally {
    await stream.close().catch(() => undefined)
  }
}

/** An entry that a move writes: whoever follows the changes sees it among them. */
export const marker = ['capture-marker', 'mongo'] as const

/** @returns its revision. */
async function setMarker(ledger: Ledger): Promise<number> {
  for (;;) {
    const { revision = null } = (await ledger.get(...marker)) ?? {}
    if (await ledger.compareAndSet(...marker, revision, null)) return (revision ?? 0) + 1
  }
}

const pauseMs = 20

/**
 * Waits until everything that was changed before now has been seen, and marked as owed.
 *
 * @throws TRY_AGAIN where whoever follows does not get so far in time.
 */
export async function caughtUp(ledger: Ledger, patienceMs: number): Promise<void> {
  const set = await setMarker(ledger)
  for (const until = performance.now() + patienceMs; performance.now() < until; await sleep(pauseMs))
    if ((await captured(ledger)).marker >= set) return
  throw new CrossfadeError('TRY_AGAIN', 'What other programs change in MongoDB is not followed to its end: try again.')
}
