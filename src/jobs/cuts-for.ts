import type { Id } from '../entity/entity.ts'
import type { Origin } from '../util/origin.ts'
import type { BackfillOptions } from './backfill-options.ts'

/** A copy is cut into so many ranges at most: a worker that is late by one of them is not late by much. */
const maxRanges = 256

/** A few seconds' work each, so that what a range costs to begin and to end is not seen. */
const defaultPerRange = 25_000

/** Where a copy is cut into ranges, see `Store.cuts`. */
export const cutsFor = (
  { stores, entity, perRange = defaultPerRange }: BackfillOptions,
  from: Origin,
): Promise<readonly Id[]> => stores[from].cuts(entity, perRange, maxRanges)
