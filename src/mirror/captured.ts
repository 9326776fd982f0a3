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

const kind = 'capture'

/**
 * How far the changes of other programs were followed in one type, as the store's own ledger keeps it. Each type has a
 * stream and a place of its own: gateways that know other types, as in a rolling deploy that adds one, do not pass by what
 * they do not look at.
 */
export interface Captured {
  /** Where the stream goes on; null where it begins at the present. */
  readonly place: Json
  /** Revision of the marker that was passed last; 0 where none was. */
  readonly marker: number
}

const form: z.ZodType<Captured> = z.object({ place: z.json(), marker: z.int() })

export interface Known extends Captured {
  /** For compare-and-set; null where nothing was kept yet. */
  readonly revision: number | null
}

const nothing: Captured = { place: null, marker: 0 }

export async function captured(ledger: Ledger, { name }: Entity): Promise<Known> {
  const found = await ledger.get(kind, name)
  return { ...((found && parseAs(form, found.value)) ?? nothing), revision: found?.revision ?? null }
}

/** @returns false where another instance follows them by now. */
export const keepCaptured = (
  ledger: Ledger,
  { name }: Entity,
  revision: number | null,
  { place, marker }: Captured,
): Promise<boolean> => ledger.compareAndSet(kind, name, revision, { place, marker })

/**
 * A mirror begins: whoever follows next is to begin at the present, though nobody may be there who follows yet. What was
 * kept for an earlier mirror counts no more.
 *
 * @returns why no changes can be followed; null where they can.
 */
export async function beginCapture({ ledger, foreignChanges }: Followed, entity: Entity): Promise<string | null> {
  const begin = async (place: Json): Promise<void> => {
    const { revision } = await captured(ledger, entity)
    await keepCaptured(ledger, entity, revision, { ...nothing, place }) // or somebody else begins just now
  }
  const stream = foreignChanges.follow(entity, marker, null)
  try {
    await begin((await stream.next()).place)
    return null
  } catch (error) {
    const why = foreignChanges.whyImpossible(error)
    if (why === null) throw error
    await begin(null)
    return why
  } finally {
    await stream.close().catch(() => undefined)
  }
}

/** An entry that a move writes: whoever follows the changes of any type sees it among them. */
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
 * Waits until everything that was changed in a type before now has been seen, and marked as owed.
 *
 * @throws TRY_AGAIN where whoever follows does not get so far in time.
 */
export async function caughtUp(ledger: Ledger, entity: Entity, patienceMs: number): Promise<void> {
  const set = await setMarker(ledger)
  for (const until = performance.now() + patienceMs; performance.now() < until; await sleep(pauseMs))
    if ((await captured(ledger, entity)).marker >= set) return
  const text = `What other programs change of ${entity.name} in MongoDB is not followed to its end`
  throw new CrossfadeError('TRY_AGAIN', `${text}: try again.`)
}
