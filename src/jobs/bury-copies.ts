import { readFlag } from '../control/flag-store.ts'
import type { Id } from '../entity/entity.ts'
import { flagKeyOf } from '../entity/flag-key.ts'
import { clearedOf } from '../mirror/cleared-of.ts'
import { gravesOf } from '../mirror/graves.ts'
import type { Image } from '../stores/store.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import type { BackfillOptions } from './backfill-options.ts'
import { overtaken } from './overtaken.ts'

/**
 * Removes copies that the authority has no record of, each at the version that was looked at and no newer one, and leaves
 * tombstones: a late put must not bring it back. What goes is kept in conflicts.
 *
 * @param under the epoch of the flag, see `Replica.bulkPut`.
 * @returns the ids of those that have gone.
 * @throws TRY_AGAIN where the flag is of a later one by now.
 */
export async function buryCopies(
  { stores, entity, log }: Pick<BackfillOptions, 'stores' | 'entity' | 'log'>,
  from: Origin,
  under: number,
  copies: readonly Image[],
): Promise<readonly Id[]> {
  if (copies.length === 0) return []
  const { [from]: source, [otherOrigin(from)]: target } = stores
  const flag = (await readFlag(target.ledger, flagKeyOf(entity)))?.flag
  if (flag && flag.epoch > under) throw overtaken(entity.name) // before copies are kept of what stays
  const graves = await gravesOf({ stores, entity, from, under }, copies)
  if (graves === null) throw overtaken(entity.name)
  const outcomes = await target.replica.bulkPut(entity, graves, under)
  if (outcomes.some(({ put }) => put === 'overtaken')) throw overtaken(entity.name)
  const gone = graves.filter(({ record }, index) => record === null && outcomes[index]!.put === 'applied')
  await source.outbox.clear(entity, gone.map(clearedOf))
  if (gone.length > 0)
    log?.(`${entity.name}: ${gone.length} records were not in ${from} and were removed from ${target.origin}`)
  return gone.map(({ id }) => id)
}
