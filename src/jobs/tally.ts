import { z } from 'zod'

/** What became of records of the store that is copied. */
export interface Tally {
  readonly seen: number
  /** Records written; the others were there already. */
  readonly copied: number
  /** Records that differed at the same or a higher version: the replaced copy is in conflicts. */
  readonly mended: number
  /** Records that the store that is copied does not have. */
  readonly removed: number
  /** Documents that have no record; each is a data issue. */
  readonly quarantined: number
  /** Records that a constraint or a rule of the other store keeps out; each is owed, and in PostgreSQL a data issue. */
  readonly refused: number
}

export const nothingYet: Tally = { seen: 0, copied: 0, mended: 0, removed: 0, quarantined: 0, refused: 0 }

export const tallyForm = {
  seen: z.int(),
  copied: z.int(),
  mended: z.int(),
  removed: z.int(),
  quarantined: z.int(),
  refused: z.int(),
}

export const sumOf = (one: Tally, other: Tally): Tally => ({
  seen: one.seen + other.seen,
  copied: one.copied + other.copied,
  mended: one.mended + other.mended,
  removed: one.removed + other.removed,
  quarantined: one.quarantined + other.quarantined,
  refused: one.refused + other.refused,
})
