import { times } from '../control/times.ts'
import type { Id } from '../entity/entity.ts'
import type { IdRange, Image } from '../stores/store.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import type { BackfillOptions } from './backfill-options.ts'
import { buryCopies } from './bury-copies.ts'
import type { Lot } from './lots.ts'
import { putImages } from './put-images.ts'
import type { Tally } from './tally.ts'

/** Copies that are looked at together: of a mirror that holds other records than the authority they are many. */
const strayLimit = 500

/** Which way a copy goes, and under which epoch of the flag, see `Replica.bulkPut`. */
export interface Direction {
  readonly from: Origin
  readonly under: number
}

/**
 * Removes what the mirror has of a stretch beside these records, which are all that the authority has.
 *
 * @returns how many, and whether the mirror had nothing of the stretch at all.
 */
async function removeStrays(
  options: BackfillOptions,
  { from, under }: Direction,
  stretch: IdRange,
  images: readonly Image[],
): Promise<{ readonly removed: number; readonly wasEmpty: boolean }> {
  const { stores, entity } = options
  const target = stores[otherOrigin(from)]
  const known = new Set(images.map(({ id }) => id))
  const limit = strayLimit + known.size
  const left = new Set<Id>() // those that stay: what has gone may be millions, and need not be named
  for (let removed = 0; ; ) {
    const ids = await target.reader.ids(entity, stretch, limit, [...left])
    const strays = ids.filter((id) => !known.has(id))
    const copies = strays.length > 0 ? await target.outbox.images(entity, strays) : []
    const alive = copies.filter(({ record }) => record !== null)
    const gone = new Set(await buryCopies(options, from, under, alive))
    removed += gone.size
    for (const id of ids) if (!gone.has(id)) left.add(id)
    if (ids.length < limit) return { removed, wasEmpty: removed + left.size === 0 }
  }
}

/** The images as they are, or as the authority has them by now where they have become too old for a put. */
async function freshImages({ stores, entity }: BackfillOptions, from: Origin, { images, since }: Lot) {
  if (performance.now() - since <= times.image) return images
  const ids = images.map(({ id }) => id)
  return (await stores[from].outbox.images(entity, ids)).filter(({ record }) => record !== null)
}

/** Makes the mirror equal to what the authority has of a lot. Safe to repeat, and beside other lots. */
export async function copyLot(options: BackfillOptions, direction: Direction, lot: Lot): Promise<Tally> {
  const { stores, entity } = options
  const { from, under } = direction
  const { quarantined, stretch } = lot
  const strays = stretch ? await removeStrays(options, direction, stretch, lot.images) : { removed: 0, wasEmpty: false }
  const images = await freshImages(options, from, lot)
  const { copied, mended, keptOut } = await putImages(options, from, under, images, strays.wasEmpty)
  if (from === 'mongo' && quarantined.length > 0) await stores.postgres.dataIssues.quarantine(entity, quarantined)
  return {
    seen: lot.images.length + quarantined.length,
    copied,
    mended,
    removed: strays.removed,
    quarantined: quarantined.length,
    refused: keptOut.length,
  }
}
