import type { Entity } from '../entity/entity.ts'
import { byId } from '../stores/by-id.ts'
import type { Image, Store } from '../stores/store.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { keepCopy } from './conflicts.ts'
import { tombstoneOf } from './tombstone-of.ts'

interface GraveOptions {
  readonly stores: Readonly<Record<Origin, Store>>
  readonly entity: Entity
  readonly from: Origin
  /** See `Replica.bulkPut`. */
  readonly under: number
}

/**
 * What is to be put in the place of copies that the authority knows nothing of: the tombstones that it has of them from
 * now on. It has them first, since a write that came late to the mirror may be taken over at any moment: it is either seen
 * there, or refused. Each copy is kept in conflicts before that. What the authority has after all is given as it is there.
 *
 * @param copies records of the mirror.
 * @returns null where the flag is of a later epoch by now: nothing was buried.
 */
export async function gravesOf(
  { stores, entity, from, under }: GraveOptions,
  copies: readonly Image[],
): Promise<readonly Image[] | null> {
  const { ledger, outbox, authority } = stores[from]
  const ids = copies.map(({ id }) => id)
  const before = byId(await outbox.images(entity, ids))
  const lost = copies.filter(({ id }) => !before.get(id)?.record)
  for (const copy of lost) await keepCopy(ledger, entity, otherOrigin(from), copy, 'none')
  if (lost.length > 0 && !(await authority.bury(entity, lost.map(tombstoneOf), under))) return null
  const present = byId(await outbox.images(entity, ids))
  // The authority has no tombstone of an id that it has no room for
  return copies.map((copy) => present.get(copy.id) ?? tombstoneOf(copy))
}
