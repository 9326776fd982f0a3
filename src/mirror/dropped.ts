import { z } from 'zod'
import { sameRecord } from '../compare/differences.ts'
import type { Entity } from '../entity/entity.ts'
import { parseId } from '../entity/parse-id.ts'
import { type Entry, type Ledger, parseAs } from '../stores/ledger.ts'
import type { Store } from '../stores/store.ts'
import { compareVersions, formatVersion } from '../stores/version.ts'
import { CrossfadeError } from '../util/errors.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { clearedOf } from './cleared-of.ts'
import { type DeadLetter, deadLetterKind, parseDeadLetter } from './dead-letters.ts'
import { idIn, keyOf } from './record-key.ts'

export const droppedKind = 'dropped'
export const droppedLog = 'dropped'

/** A record that the mirror is not owed any more, though it does not have it: somebody said so. */
export interface Dropped {
  readonly id: string
  /** The authority's then; `unknown` where another version of Crossfade wrote the note. */
  readonly version: string
  readonly reason: string
  readonly why: string
}

const form = z.object({ version: z.string(), reason: z.string(), why: z.string() })

const unknownForm = { version: 'unknown', reason: 'kept in a form that this version does not know', why: '' }

/** Those of a type, among all that a ledger has. */
export const droppedAmong = (entries: readonly Entry[], entity: Pick<Entity, 'name'>): Dropped[] =>
  entries.flatMap(({ key, value }) => {
    const id = idIn(entity, key)
    return id === null ? [] : [{ id, ...(parseAs(form, value) ?? unknownForm) }]
  })

/** Those of a type, in the ledger of the store with authority. */
export const droppedOf = async (ledger: Ledger, entity: Pick<Entity, 'name'>): Promise<Dropped[]> =>
  droppedAmong(await ledger.list(droppedKind), entity)

/** The letter of a record that has not changed since. @throws BAD_USER_INPUT with what is otherwise. */
async function letterFor(store: Store, entity: Entity, text: string): Promise<DeadLetter> {
  const entry = await store.ledger.get(deadLetterKind, keyOf(entity, text))
  if (!entry)
    throw new CrossfadeError('BAD_USER_INPUT', `${entity.name} ${text} has no dead letter that ${store.origin} owes.`)
  const letter = parseDeadLetter(entry)
  if (letter) return letter
  const remedy = `\`crossfade mirror dead-letters retry ${entity.name} ${text}\` writes it anew`
  throw new CrossfadeError('BAD_USER_INPUT', `The dead letter is of another version of Crossfade: ${remedy}.`)
}

/**
 * Takes a dead letter away, and the debt of the version that it is of, and of no later one. What is unequal from then on
 * is noted, so that no move takes it for granted, until both stores have the same of the record again. Safe to run again
 * where it was cut off.
 *
 * @throws BAD_USER_INPUT where there is no such letter; TRY_AGAIN where the record has changed since: it is tried again.
 */
export async function drop(store: Store, entity: Entity, text: string, why: string): Promise<DeadLetter> {
  const { ledger, outbox } = store
  const id = parseId(entity, text)
  const letter = await letterFor(store, entity, text)
  const [present] = await outbox.images(entity, [id])
  const changed = new CrossfadeError(
    'TRY_AGAIN',
    `${entity.name} ${text} has changed since: it is tried again by itself.`,
  )
  if (!present || formatVersion(present.version) !== letter.version) throw changed
  const key = keyOf(entity, id)
  const note = { version: letter.version, reason: letter.reason, why }
  const { revision = null } = (await ledger.get(droppedKind, key)) ?? {}
  if (!(await ledger.compareAndSet(droppedKind, key, revision, note))) throw changed
  await ledger.append(droppedLog, key, note)
  await outbox.clear(entity, [clearedOf(present)])
  if ((await outbox.owedFor(entity, [id])).has(id)) {
    await ledger.remove(droppedKind, key)
    throw changed
  }
  await ledger.remove(deadLetterKind, key)
  return letter
}

/** Forgets those that both stores have the same of by now. @returns those that are left. */
export async function settleDropped(
  stores: Readonly<Record<Origin, Store>>,
  entity: Entity,
  from: Origin,
): Promise<Dropped[]> {
  const { [from]: source, [otherOrigin(from)]: target } = stores
  const kept = await droppedOf(source.ledger, entity)
  const left: Dropped[] = []
  for (const dropped of kept) {
    const id = parseId(entity, dropped.id)
    const [[mine], [other]] = await Promise.all([
      source.outbox.images(entity, [id]),
      target.outbox.images(entity, [id]),
    ])
    const isGone = !mine?.record && !other?.record
    const isSame =
      mine &&
      other &&
      compareVersions(mine.version, other.version) === 0 &&
      sameRecord(entity, mine.record, other.record)
    if (isGone || isSame) await source.ledger.remove(droppedKind, keyOf(entity, id))
    else left.push(dropped)
  }
  return left
}
