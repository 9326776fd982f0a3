import type { Json } from './json.ts'
import type { Random } from './random.ts'

/** How one field of one record is there: with a clean value, not at all, as null, or with a dirty value. */
export type Presence = 'value' | 'missing' | 'null' | 'dirty'

/** How many records have a field otherwise than clean. Counts, not chances, so that every seed has every kind. */
export interface Dirt {
  missing?: number
  null?: number
  dirty?: number
}

/** One presence for each record, spread at random. */
export function spread(random: Random, records: number, { missing = 0, null: nulls = 0, dirty = 0 }: Dirt): Presence[] {
  const clean = records - missing - nulls - dirty
  return random.shuffle<Presence>([
    ...Array<Presence>(missing).fill('missing'),
    ...Array<Presence>(nulls).fill('null'),
    ...Array<Presence>(dirty).fill('dirty'),
    ...Array<Presence>(clean).fill('value'),
  ])
}

/** The field's value under a presence; undefined where missing. */
export function under(presence: Presence | undefined, clean: Json, dirty: Json = null): Json | undefined {
  if (presence === 'missing') return undefined
  if (presence === 'null') return null
  return presence === 'dirty' ? dirty : clean
}
