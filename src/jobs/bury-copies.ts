import { confirmed } from '../control/confirmed.ts'
import { readFlag } from '../control/flag-store.ts'
import { flagKeyOf } from '../entity/flag-key.ts'
import { keepCopy } from '../mirror/conflicts.ts'
import { tombstoneOf } from '../mirror/tombstone-of.ts'
import type { Image } from '../stores/store.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import type { BackfillOptions } from './backfill-options.ts'
import { overtaken } from './overtaken.ts'

/**
 * Removes copies that the authority has no record of, each at the version that was looked at and no newer one, and leaves
 * tombstones: a late put must not bring it back. What goes is kept in conflicts.
 *
 * @param under the epoch of the flag, see `Replica.bulkPut`.
 * @returns how many have gone.
 * @throws TRY_AGAIN where the flag is of a later one by now.
 */
export async function buryCopies(
  { stores, entity, log }: Pick<BackfillOptions, 'stores' | 'entity' | 'log'>,
  from: Origin,
  under: number,
  copies: readonly Image[],
): Promise<number> {
  if (copies.length === 0) return 0
  const { [from]: source, [otherOrigin(from)]: target } = stores
  await confirmed(source.ledger, 'bury', entity)
  const known = await source.outbox.images(
    entity,
    copies.map(({ id }) => id),
  )
  const made = new Set(known.filter(({ record }) => record !== null).map(({ id }) => id)) // meanwhile
  const lost = copies.filter(({ id }) => !made.has(id))
  const flag = (await readFlag(target.ledger, flagKeyOf(entity)))?.flag
  if (flag && flag.epoch > under) throw overtaken(entity.name) // before copies are kept of what stays
  for (const image of lost) await keepCopy(source.ledger, entity, target.origin, image, 'none')
  const outcomes = await target.replica.bulkPut(entity, lost.map(tombstoneOf), under)
  if (outcomes.some(({ put }) => put === 'overtaken')) throw overtaken(entity.name)
  const removed = outcomes.filter(({ put }) => put === 'applied').length
  if (removed > 0)
    log?.(`${entity.name}: ${removed} records were not in ${from} and were removed from ${target.origin}`)
  return removed
}
