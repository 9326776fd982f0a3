import { compareIds } from '../entity/compare-ids.ts'
import type { Entity, Id } from '../entity/entity.ts'

/** So many ids are chosen by chance for each range: with fewer, one range may be several times as long as another. */
export const idsPerRange = 16

/** Into how many ranges of at least `records` each so many records are cut, at most `most`; 1 where they stay whole. */
export const rangesOf = (count: number, records: number, most: number): number =>
  Math.max(1, Math.min(most, Math.floor(count / records)))

/** Ids that cut a type into so many ranges of about as many records each, in order, out of ids that were chosen by chance. */
export function cutsOf(entity: Entity, chosen: readonly Id[], ranges: number): Id[] {
  const sorted = chosen.toSorted(compareIds(entity))
  const cuts = Array.from({ length: ranges - 1 }, (_, n) => sorted[Math.floor(((n + 1) * sorted.length) / ranges)])
  return [...new Set(cuts.filter((id) => id !== undefined))]
}
